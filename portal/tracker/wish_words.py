"""How it reads that somebody asks to change a submitted week: in the managers' inbox and in mails."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import WISHES
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.tracker.queries.wishes import Wish, list_wishes
from portal.tracker.services.telling import WISH

_PAGE = "/compliance/"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one mail says: who asks for which week."""

    wishes: Sequence[Wish]
    address: str = _PAGE


def init_wish_words() -> None:
    """Make the kind known to inbox and mail."""
    deed = _l("Go to compliance")
    register(
        Topic("reopen_wishes", "mail/reopen_wishes", _subject, _gather),
        Kind(WISH, "reopen_wishes", "open", _PAGE, deed, _title, _lines, group=WISHES),
    )


def _subject(found: Wishes) -> str:
    return _asked(len(found.wishes))


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> Wishes | None:
    """The wishes that nobody answered meanwhile."""
    wishes = list_wishes({fact["log_id"] for fact in told})
    return Wishes(wishes) if wishes else None


def _title(told: Sequence[Params]) -> str:
    return _asked(len(told))


def _asked(count: int) -> str:
    return str(
        ngettext(
            "Somebody asks to change a submitted week",
            "There are %(num)s wishes to change a submitted week",
            count,
        )
    )


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    """No names of people: what is told once is kept."""
    return [Line(_named(fact), _said(fact), fact["code"]) for fact in told]


def _named(fact: Params) -> str:
    return f"{fact['module']} · {fact['class']}" if fact["class"] else str(fact["module"])


def _said(fact: Params) -> str:
    return f"{_('Week %(weeks)s', weeks=fact['week'])}. {fact['reason']}"
