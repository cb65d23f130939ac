"""What the pages of the weekly logs share: the moment, the log that an address names, its page."""

from typing import Any, NoReturn

from flask import url_for
from flask_login import current_user

from portal import clock
from portal.config.present import present_settings
from portal.errors import NotFound, lazy
from portal.roles import Role
from portal.tracker import queries
from portal.tracker.forms.deciding import DecisionForm, WishForm, decisions_on
from portal.tracker.queries import Log, Moment
from portal.tracker.queries.history import list_deeds
from portal.tracker.queries.told import list_told
from portal.web.pages import page

MANAGES = frozenset({Role.MANAGER, Role.ADMIN})


def moment_now() -> Moment:
    """Now, by the institution's clock."""
    return Moment.of(clock.now(), present_settings().zone)


def own_log(log_id: int) -> Log:
    """The log if the person owes it; NotFound otherwise."""
    return queries.log_owned_by(current_user.facilitator_id, log_id, moment_now()) or not_found()


def readable_log(log_id: int) -> Log:
    """The log if the person may see it; NotFound otherwise."""
    if current_user.role in MANAGES:
        return queries.any_log(log_id, moment_now()) or not_found()
    return queries.log_seen_by(current_user.facilitator_id, log_id, moment_now()) or not_found()


def not_found() -> NoReturn:
    """What somebody gets who asks for a week that is not theirs, or that is not there."""
    raise NotFound(lazy("There is no such week, or it belongs to someone else."))


def log_page(found: Log, **context: Any) -> str:
    """The page of one week: to fill in, to read, or to decide about. `context` may hold forms with errors."""
    mine = found.facilitator_id == current_user.facilitator_id
    manages = current_user.role in MANAGES
    forms = {act: DecisionForm.of(act) for act in decisions_on(found)} if manages else {}
    forms |= context.pop("forms", {})
    given: dict[str, Any] = {
        "back": url_for("tracker.log", log_id=found.id),
        "editable": mine and found.is_open,
        "mine": mine,
        "forms": forms,
        "wish": WishForm(None) if mine and found.is_submitted and not found.is_cancelled else None,
        "deeds": list_deeds(found.id),
        "told": list_told(found.offering_id, found.id) if manages else (),
    }
    return page("tracker/log.html", log=found, **(given | context))
