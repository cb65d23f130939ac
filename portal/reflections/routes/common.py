"""What the pages of reflections share: the day, the writer, what is not there."""

from typing import NoReturn

from flask import current_app
from flask_login import current_user

from portal.errors import NotFound, lazy
from portal.reflections.sealing import Sealer, sealer_of
from portal.reflections.services.drafting import Writer
from portal.roles import Role
from portal.web.locale import present_day

MANAGES = frozenset({Role.MANAGER, Role.ADMIN})


def sealer() -> Sealer:
    """What seals drafts."""
    return sealer_of(current_app.config["SECRET_KEY"])


def writer(round_id: int) -> Writer:
    """The signed-in student at a round."""
    return Writer(current_user.id, round_id, present_day(), sealer())


def not_found() -> NoReturn:
    """What somebody gets who asks for a reflection that is not theirs, or that is not there."""
    raise NotFound(lazy("There is no such reflection, or it is not yours to see."))
