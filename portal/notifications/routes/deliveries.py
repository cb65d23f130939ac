"""What became of the messages: a log for the office, and sending again for administrators."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Response, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.errors import NotFound, lazy
from portal.extensions import db
from portal.notifications.groups import Group, group_named
from portal.notifications.kinds import all_kinds, group_of, kind_of
from portal.notifications.models import DeliveryState
from portal.notifications.queries.deliveries import (
    DeliveryFilter,
    DeliveryRow,
    find_queue_state,
    is_there,
    list_refusals,
    page_of_deliveries,
)
from portal.notifications.routes.blueprint import log as bp
from portal.notifications.services.replaying import replay
from portal.paging import Cursor, PageRequest
from portal.roles import Role
from portal.web.access import actor, audience, shared
from portal.web.htmx import list_fragment, wants_fragment
from portal.web.locale import zone_of_reader
from portal.web.pages import page

_TEXTS = ("who", "state", "group", "since", "until")


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as the address has it: its texts, and what they mean."""

    texts: dict[str, str]
    wanted: DeliveryFilter
    page: PageRequest

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return any(self.texts.values())

    def to_args(self, **changes: str) -> dict[str, Any]:
        """The shortest parameters that mean it."""
        return {name: value for name, value in (self.texts | changes).items() if value}


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str | Response:
    """The messages that an address asks for, newest first; what waits; and whose mail is refused."""
    asked = _asked(request.args, zone_of_reader())
    found = page_of_deliveries(asked.wanted, asked.page)
    matters = {row.id: _matters(row) for row in found.rows}
    if wants_fragment():
        address = url_for(".index", **asked.to_args(at=request.args.get("at", "")))
        said = ngettext("%(num)s mail", "%(num)s mails", len(found.rows))
        return list_fragment("notifications/_deliveries.html", address, said, asked=asked, found=found, matters=matters)
    now = clock.now()
    queue = find_queue_state(now, with_letters=current_user.role is Role.ADMIN)
    context = {"queue": queue, "age": queue.age(now), "refusals": list_refusals(), "groups": _groups()}
    return page("notifications/deliveries.html", asked=asked, found=found, matters=matters, **context)


@bp.post("/<id:delivery_id>/replay")
@audience(Role.ADMIN)
@shared
def replay_one(delivery_id: int) -> BaseResponse:
    """Send a message that was given up once more."""
    if not is_there(delivery_id):
        raise NotFound(lazy("There is no such mail."))
    return _replayed(replay(actor(), delivery_id))


@bp.post("/replay")
@audience(Role.ADMIN)
def replay_all() -> BaseResponse:
    """Send everything that was given up once more."""
    return _replayed(replay(actor()))


def _replayed(count: int) -> BaseResponse:
    db.session.commit()
    if count:
        flash(ngettext("%(num)s mail is tried again.", "%(num)s mails are tried again.", count), "done")
    else:
        flash(_("There was nothing to send again."), "note")
    return redirect(url_for(".index"), 303)


def _matters(row: DeliveryRow) -> Sequence[str]:
    """What a message is about, in words: the groups of its facts, and what kind of letter it is."""
    known = [name for name in row.kinds if kind_of(name)]
    return list(dict.fromkeys(str(group_named(group_of(name)).label) for name in known))


def _groups() -> Sequence[Group]:
    return [group_named(name) for name in dict.fromkeys(kind.group for kind in all_kinds())]


def _asked(args: MultiDict[str, str], zone: ZoneInfo) -> Asked:
    texts = {name: " ".join(args.get(name, "")[:200].replace("\0", " ").split()) for name in _TEXTS}
    state = next((one for one in DeliveryState if one.value == texts["state"]), None)
    kinds = tuple(kind.name for kind in all_kinds() if texts["group"] and kind.group == texts["group"])
    until = _day(texts["until"], zone)
    wanted = DeliveryFilter(
        texts["who"],
        state,
        kinds,
        _day(texts["since"], zone),
        until + timedelta(days=1) if until else None,
        # Who asks for a new password is nobody's business but an administrator's.
        with_letters=current_user.role is Role.ADMIN,
    )
    return Asked(texts, wanted, PageRequest("made", descending=True, cursor=Cursor.decode(args.get("at"))))


def _day(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return datetime.combine(day, time(), zone) if date(1970, 1, 1) <= day < date(9999, 1, 1) else None
