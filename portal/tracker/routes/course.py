"""A course as its staff see it: weeks and items, and a week that opens beneath its row."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Response, request, url_for
from flask_login import current_user

from portal.folding import whole_number
from portal.roles import Role
from portal.tracker import queries
from portal.tracker.queries import Course, Item, Log
from portal.tracker.queries.history import Deed, list_deeds
from portal.tracker.routes.blueprint import bp
from portal.tracker.routes.common import MANAGES, moment_now, not_found
from portal.web.access import audience, owned
from portal.web.htmx import fragment
from portal.web.pages import page


@dataclass(frozen=True, slots=True)
class OpenedWeek:
    """The week that stands open: what the reader may do with it, and its changes, newest first."""

    log_id: int
    mine: bool
    manages: bool
    editable: bool
    deeds: Sequence[Deed]
    back: str


@bp.get("/courses/<id:offering_id>")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever teaches the course; managers and administrators any")
def course(offering_id: int) -> str:
    """All weeks of a course with their items; `week` in the address opens one."""
    found = _course(offering_id)
    weeks = queries.list_weeks_of(offering_id, moment_now())
    wanted = whole_number(request.args.get("week"))
    opened = next((_open(log) for log in weeks if log.id == wanted and _may_open(found, log)), None)
    return page(
        "tracker/course.html",
        course=found,
        weeks=weeks,
        columns=_columns(weeks),
        opened=opened,
        may_open=lambda log: _may_open(found, log),
    )


@bp.get("/courses/<id:offering_id>/weeks/<id:log_id>")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log or teaches the course; managers and administrators any")
def course_week(offering_id: int, log_id: int) -> Response:
    """A week for its place in the course's page: open, closed again, or its row alone, as `part` says."""
    found = _course(offering_id)
    weeks = queries.list_weeks_of(offering_id, moment_now())
    log = next((week for week in weeks if week.id == log_id and _may_open(found, week)), None) or not_found()
    part = request.args.get("part")
    template = "tracker/_week_row.html" if part == "row" else "tracker/_week.html"
    opened = None if part == "closed" else part == "row" or _open(log)
    return fragment(template, log=log, course=found, columns=_columns(weeks), opened=opened, may_open=True)


def _course(offering_id: int) -> Course:
    manages = current_user.role in MANAGES
    return queries.course_seen_by(current_user.facilitator_id, offering_id, manages=manages) or not_found()


def _may_open(course: Course, log: Log) -> bool:
    """Whoever teaches a course now reads all its weeks; who taught it before, their own."""
    me = current_user.facilitator_id
    return current_user.role in MANAGES or me in {course.facilitator_id, log.facilitator_id}


def _open(log: Log) -> OpenedWeek:
    mine = log.facilitator_id == current_user.facilitator_id
    back = url_for("tracker.course", offering_id=log.offering_id, week=log.id)
    return OpenedWeek(
        log.id, mine, current_user.role in MANAGES, mine and log.is_open, list_deeds(log.id), back
    )  # fmt: skip


def _columns(weeks: Sequence[Log]) -> list[Item]:
    """The items that any of these weeks shows, in the order of the checklist."""
    shown = {item.key for log in weeks for item in log.items}
    return [item for item in (weeks[0].all_items if weeks else ()) if item.key in shown]
