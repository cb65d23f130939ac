"""What a person wants to be told, and how."""

from dataclasses import dataclass
from datetime import time

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.accounts.queries.profiles import find_profile
from portal.config.present import present_settings
from portal.extensions import db
from portal.notifications.groups import Group, groups_of
from portal.notifications.hours import Quiet, minutes_of, time_of
from portal.notifications.models import Way
from portal.notifications.queries.choices import find_quiet_hours, find_refusal, list_switched_off
from portal.notifications.routes.blueprint import bp
from portal.notifications.services.choosing import Preferences, save_preferences
from portal.web.access import actor, everyone
from portal.web.locale import zone_of_reader
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class Hours:
    """Quiet hours as the form shows them: the texts of both times, and what is wrong with them."""

    begins: str
    ends: str
    error: str = ""

    @classmethod
    def of(cls, quiet: Quiet) -> "Hours":
        """As they are kept; empty when there are none."""
        if quiet.begins == quiet.ends:
            return cls("", "")
        return cls(f"{time_of(quiet.begins):%H:%M}", f"{time_of(quiet.ends):%H:%M}")


@bp.get("/preferences")
@everyone
def preferences() -> str:
    """Each group with its ways, what is mandatory explained, and the quiet hours."""
    off = list_switched_off([current_user.id], [group.name for group in _groups()])
    own = find_quiet_hours([current_user.id]).get(current_user.id)
    return _page({(name, way) for _id, name, way in off}, Hours.of(Quiet(*own) if own else _institutions()))


@bp.post("/preferences")
@everyone
def save() -> Response | tuple[str, int]:
    """Keep what is ticked."""
    ticked = {(group.name, way) for group in _groups() for way in Way if f"{way}-{group.name}" in request.form}
    off = frozenset((group.name, way) for group in _groups() for way in Way) - ticked
    hours = Hours(request.form.get("begins", "")[:5], request.form.get("ends", "")[:5])
    quiet = _read(hours)
    if quiet is None:
        said = _("Give both times, such as 20:00 and 07:00, or leave both empty.")
        return _page(set(off), Hours(hours.begins, hours.ends, said)), 422
    shown = [group.name for group in _groups()]
    own = None if quiet == _institutions() else quiet
    changed = save_preferences(current_user.id, Preferences(off, own), shown, actor())
    db.session.commit()
    flash(_("Saved.") if changed else _("There was nothing to change."), "done")
    return redirect(url_for(".preferences"), 303)


def _groups() -> list[Group]:
    return list(groups_of(current_user.roles))


def _institutions() -> Quiet:
    return Quiet.of(present_settings().portal_quiet_hours)


def _read(hours: Hours) -> Quiet | None:
    """The hours that were typed; None when they cannot be read."""
    if not hours.begins and not hours.ends:
        return Quiet(0, 0)
    try:
        return Quiet(*(minutes_of(time.fromisoformat(text)) for text in (hours.begins, hours.ends)))
    except ValueError:
        return None


def _page(off: set[tuple[str, Way]], hours: Hours) -> str:
    usual, profile = Hours.of(_institutions()), find_profile(current_user.id)
    return page(
        "notifications/preferences.html",
        groups=_groups(),
        off=off,
        hours=hours,
        usual=usual,
        zone=zone_of_reader().key,
        refusal=find_refusal(current_user.id),
        address=(profile and profile.notification_email) or current_user.email,
    )
