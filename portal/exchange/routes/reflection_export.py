"""Results of a reflection as a file: under the same limits, language and search as on the page."""

from collections.abc import Iterator, Sequence

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _

from portal.csv_files import Cell
from portal.exchange.routes.tables import workbook_answer
from portal.reflections.queries.questions import list_questions
from portal.reflections.queries.results import StaffRound, list_said, tallies_of
from portal.reflections.routes.results import seen_round, wanted_language
from portal.roles import Role
from portal.web.access import audience, owned
from portal.web.downloads import csv_answer
from portal.web.locale import chosen_language

bp = Blueprint("reflection_export", __name__, url_prefix="/reflections/<id:round_id>")
_STAFF = audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
_OWNED = owned("whoever teaches the course; managers and administrators any")


@bp.get("/export.csv")
@_STAFF
@_OWNED
def as_csv(round_id: int) -> Response:
    """The results as a CSV file."""
    found = _out(round_id)
    return csv_answer(f"reflection-{round_id}", _head(), _rows(found))


@bp.get("/export.xlsx")
@_STAFF
@_OWNED
def as_workbook(round_id: int) -> Response:
    """The results as a workbook."""
    found = _out(round_id)
    return workbook_answer(f"reflection-{round_id}", _head(), _rows(found))


def _out(round_id: int) -> StaffRound:
    found = seen_round(round_id)
    if not found.is_out:
        abort(404)
    return found


def _head() -> list[str]:
    return [_("Question"), _("Answer"), _("Name"), _("Count"), _("Average")]


def _rows(found: StaffRound) -> Iterator[Sequence[Cell]]:
    questions, tallies = list_questions(found.form_id), tallies_of(found.id)
    language = wanted_language(tallies)
    said = list_said(found, language, request.args.get("q", "").strip())
    for question in questions:
        prompt = question.said("prompt", chosen_language())
        tally = tallies.get((question.id, language))
        if question.is_scale and tally:
            average = round(tally.average, 2) if tally.average is not None else None
            for value, count in enumerate(tally.bins, 1):
                yield [prompt, str(value), None, count, average]
        for one in said:
            if one.question_id == question.id:
                yield [prompt, one.text, one.name or None, 1, None]
