"""Weekly logs: facilitators their own, managers all; and how a week stands."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from flask import abort, url_for
from flask_babel import gettext as _

from portal.allocations.queries import OfferingFilter
from portal.allocations.queries.facets import groups_of
from portal.api.blueprint import bp
from portal.api.conditional import version_seen
from portal.api.errors import error_answer, refuse
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.schemas.logs import LogChange, LogNew, LogQuery, LogShown, SummaryQuery, SummaryShown
from portal.api.sentences import label_of, name_of
from portal.extensions import db
from portal.roles import Role
from portal.tracker import queries
from portal.tracker.forms.watching import term_of, week_of
from portal.tracker.models import ItemStatus
from portal.tracker.queries import Log
from portal.tracker.queries.compliance import sums_by_week
from portal.tracker.queries.programs import count_wished, is_course_of, list_wished, log_id_of_week, who_was_there
from portal.tracker.routes.common import MANAGES, moment_now
from portal.tracker.services.filling import Filling, empty, fill_in
from portal.web.access import actor, audience, owned, person_now

_ONE = "/activity-tracker/<id:log_id>"


@bp.get("/activity-tracker")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@operation("List weekly logs", query=LogQuery, answer=list[LogShown])
def index_logs(query: LogQuery) -> Reply:
    """The logs that a filter lets through; a facilitator's own."""
    moment = moment_now()
    wanted = query.wanted(_myself())
    logs = list_wished(wanted, moment, sort=query.sort, offset=query.offset, limit=query.limit)
    there = who_was_there(logs)
    rows = [LogShown.of(log, there.get(log.id)) for log in logs]
    return page_reply(rows, count_wished(wanted, moment), query)


@bp.post("/activity-tracker")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@operation("Fill in and submit a week", body=LogNew, answer=LogShown, status=201, errors=(404,))
def submit_week(body: LogNew) -> Reply:
    """A week is filled in and handed in, once."""
    filling = _filling(body, queries.list_checklist())
    if not is_course_of(body.allocation_id, _myself()):
        refuse(404, _("There is no such course, or it is not yours."), field="allocation_id")
    log_id = log_id_of_week(body.allocation_id, body.week_number)
    if log_id is None:
        refuse(400, _("The course has no weekly log for week %(week)s.", week=body.week_number), field="week_number")
    log = _mine(log_id)
    _check_version(log, body.version)
    written = fill_in(log, filling, moment_now(), actor(), submit=True)
    db.session.commit()
    return _reply(written, {"Location": url_for("api.show_log", log_id=log_id)})


@bp.get("/activity-tracker/summary")
@audience(Role.MANAGER, Role.ADMIN)
@operation("How a week stands", query=SummaryQuery, answer=SummaryShown, errors=(404,))
def show_summary(query: SummaryQuery) -> SummaryShown:
    """A week of a term in numbers, the same as on the page about compliance."""
    moment = moment_now()
    term = term_of(query.academic_year, query.trimester, groups_of(OfferingFilter()), moment.today)
    weeks = sums_by_week(OfferingFilter(terms=(term,)), moment) if term else []
    week = week_of(query.week_number, weeks, moment.now, moment.today)
    if term is None or week is None:
        refuse(404, _("There is no such week."), field="week_number")
    return SummaryShown.of(week, *term)


@bp.get(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log or teaches the course; managers and administrators any")
@operation("Read a weekly log", answer=LogShown)
def show_log(log_id: int) -> Reply:
    """One log."""
    me = _myself()
    found = _any(log_id) if me is None else queries.log_seen_by(me, log_id, moment_now())
    return _reply(found or abort(404))


@bp.put(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log; managers and administrators any")
@operation("Say anew what is said of a week", body=LogChange, answer=LogShown)
def replace_log(log_id: int, body: LogChange) -> Reply:
    """The whole of a week that is not handed in yet: items that are left out are not started, notes are none."""
    log = _mine(log_id)
    said = _filling(body, log.all_items)
    statuses = {item.key: ItemStatus.NOT_STARTED for item in log.items} | dict(said.statuses)
    return _write(log, body, replace(said, statuses=statuses, notes=said.notes or ""))


@bp.patch(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log; managers and administrators any")
@operation("Change what is said of a week", body=LogChange, answer=LogShown)
def change_log(log_id: int, body: LogChange) -> Reply:
    """A part of a week that is not handed in yet; what is left out stays."""
    log = _mine(log_id)
    return _write(log, body, _filling(body, log.all_items))


@bp.delete(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned("whoever owes the log; managers and administrators any")
@operation("Take back what is said of a week", status=204)
def empty_log(log_id: int) -> None:
    """A week that is not handed in stands again as nobody has begun it; it is still expected."""
    log = _mine(log_id)
    _check_version(log, None)
    empty(log, moment_now(), actor())
    db.session.commit()


def _write(log: Log, body: LogChange, filling: Filling) -> Reply:
    _check_version(log, body.version)
    written = fill_in(log, filling, moment_now(), actor())
    db.session.commit()
    return _reply(written)


def _reply(log: Log, headers: Mapping[str, str] | None = None) -> Reply:
    there = who_was_there([log]).get(log.id)
    return Reply(LogShown.of(log, there), {"ETag": f'"{log.version}"', **(headers or {})})


def _myself() -> int | None:
    """The facilitator whose logs alone the asker may see; None for those who see all."""
    person = person_now()
    return None if person.role in MANAGES else person.facilitator_id or 0


def _any(log_id: int) -> Log | None:
    return queries.any_log(log_id, moment_now())


def _mine(log_id: int) -> Log:
    """The log that the asker may write."""
    me = _myself()
    found = _any(log_id) if me is None else queries.log_owned_by(me, log_id, moment_now())
    return found or abort(404)


def _filling(body: LogChange, checklist: Collection[Any]) -> Filling:
    """What a body says of a week. A member that is no item of the checklist is refused by its name."""
    unknown = sorted(body.statuses.keys() - {item.key for item in checklist})
    faults = {name_of([key]): [_("%(field)s cannot be set here", field=label_of([key]))] for key in unknown}
    if faults:
        abort(error_answer(400, [said for found in faults.values() for said in found], faults))
    # A program may send every item each week, and say early that one is done.
    return Filling(body.statuses, body.notes, body.attendance, {item.key for item in checklist if item.is_active})


def _check_version(log: Log, version: int | None) -> None:
    """Refuse a change to a log that was read before somebody else changed it."""
    version_seen(version, log.version)
