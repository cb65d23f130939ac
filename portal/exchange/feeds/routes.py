"""The calendar at its private address, and the page in the profile that makes and ends the address."""

from datetime import timedelta

from flask import Blueprint, Response, abort, flash, make_response, redirect, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.accounts.framing import profile_page
from portal.accounts.services import hash_token
from portal.catalogue.calendar import rules_of
from portal.catalogue.queries import list_breaks
from portal.config.present import present_settings
from portal.exchange.feeds import queries, services
from portal.exchange.feeds.writing import Contents, Frame, write_calendar
from portal.extensions import db
from portal.web.access import actor, everyone, owned, public

bp = Blueprint("calendar_feed", __name__, url_prefix="/profile/calendar")
feed = Blueprint("calendar", __name__)
_BACK = timedelta(days=90)
_LONGEST = 64


@feed.get("/calendar/<token>.ics")
@public
@owned("whoever has the address")
def show(token: str) -> BaseResponse:
    """The calendar; short when the asker has it already."""
    owner = queries.find_owner(hash_token(token)) if token.isascii() and len(token) <= _LONGEST else None
    if owner is None:
        abort(404)
    settings = present_settings()
    since = clock.today(settings.zone) - _BACK
    courses = queries.list_courses(owner.user_id, since)
    meetings = queries.list_times([course.id for course in courses])
    contents = Contents(courses, queries.list_deadlines(owner.user_id, since), meetings, list_breaks(), since)
    with force_locale(owner.locale):
        text = write_calendar(contents, Frame(settings.portal_name, settings.address(), rules_of(settings)))
    answer = Response(text, mimetype="text/calendar", headers={"Cache-Control": "private, no-cache"})
    answer.add_etag()
    return answer.make_conditional(request)


@bp.get("")
@everyone
def index() -> str:
    """Whether there is an address, since when, and what to do with it."""
    return _page(None)


@bp.post("")
@everyone
def make() -> Response:
    """Make an address, or another one in its place, and show it, this once."""
    token = services.make_feed(current_user.id, actor())
    db.session.commit()
    address = present_settings().address() + url_for("calendar.show", token=token)
    answer = make_response(_page(address))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/end")
@everyone
def end() -> BaseResponse:
    """Make the address work no more."""
    if services.end_feed(current_user.id, actor()):
        flash(_("The address of your calendar no longer works."), "done")
    db.session.commit()
    return redirect(url_for(".index"), 303)


def _page(address: str | None) -> str:
    made = queries.made_at(current_user.id)
    return profile_page("accounts/profile/calendar.html", "calendar_feed.index", address=address, made_at=made)
