"""The compliance matrix as a file: the same filters and rows as on the screen, every page of it."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from portal.csv_files import Cell
from portal.exchange.routes.tables import workbook_answer
from portal.roles import Role
from portal.tracker.forms.watching import COURSES
from portal.tracker.matrix import Box, MatrixRow, rows_of_courses, rows_of_people
from portal.tracker.queries.compliance import cells_of_courses, cells_of_people
from portal.tracker.queries.matrix import every_course, every_person
from portal.tracker.queries.rows import Moment
from portal.tracker.routes.common import moment_now
from portal.tracker.routes.compliance import View, view_asked
from portal.tracker.words import state_word
from portal.web.access import audience
from portal.web.downloads import csv_answer
from portal.web.locale import date_short

bp = Blueprint("compliance_export", __name__, url_prefix="/compliance")


@bp.get("/export.csv")
@audience(Role.MANAGER, Role.ADMIN)
def as_csv() -> Response:
    """The matrix of the address as a CSV file."""
    moment = moment_now()
    view = view_asked(moment, request.args)
    return csv_answer(_name(view, moment), _head(view), _rows(view, moment))


@bp.get("/export.xlsx")
@audience(Role.MANAGER, Role.ADMIN)
def as_workbook() -> Response:
    """The matrix of the address as a workbook."""
    moment = moment_now()
    view = view_asked(moment, request.args)
    return workbook_answer(_name(view, moment), _head(view), _rows(view, moment))


def _head(view: View) -> list[str]:
    weeks = [_("Week %(week)s, %(day)s", week=week.number, day=date_short(week.start)) for week in view.weeks]
    if view.form.by == COURSES:
        return [_("Course"), _("Code"), _("Class"), _("Facilitator"), *weeks, _("On time"), _("Owed")]
    return [_("Facilitator"), _("Employee ID"), *weeks, _("On time"), _("Owed")]


def _rows(view: View, moment: Moment) -> Iterator[Sequence[Cell]]:
    watched = view.form.watched(view.focus)
    if view.form.by == COURSES:
        for lines in every_course(watched, moment):
            cells = cells_of_courses([line.id for line in lines], moment)
            for row in rows_of_courses(lines, cells, view.weeks):
                line = row.line
                yield [
                    line.name,
                    line.code,
                    line.class_name,
                    line.person,
                    *_boxes(row),
                    row.sums.on_time,
                    row.sums.owed,
                ]
        return
    for lines in every_person(watched, moment):
        people = cells_of_people([line.id for line in lines], view.form.list.wanted, moment)
        for row in rows_of_people(lines, people, view.weeks):
            yield [row.line.name, row.line.code, *_boxes(row), row.sums.on_time, row.sums.owed]


def _boxes(row: MatrixRow) -> list[Cell]:
    return [_word(box) if box else None for box in row.boxes]


def _word(box: Box) -> str:
    word = state_word(box.state)
    if box.log_id is None:
        return str(_("%(state)s: %(of)s of %(total)s", state=word, of=box.of, total=box.total))
    return f"{word} +{box.days_late}" if box.days_late else word


def _name(view: View, moment: Moment) -> str:
    terms = "-".join(f"{year}-{trimester}" for year, trimester in view.form.list.wanted.terms)
    return f"compliance-{moment.today.isoformat()}-{terms}".rstrip("-")
