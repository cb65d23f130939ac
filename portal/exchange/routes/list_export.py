"""The list of courses as a file: the same filters, order and columns as on the screen."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from portal.allocations.forms.listing import ListForm
from portal.allocations.queries import OfferingRow, every_offering
from portal.allocations.routes.columns import RowWords, columns_of, row_words
from portal.catalogue.words import mode_name
from portal.csv_files import Cell
from portal.exchange.routes.tables import workbook_answer
from portal.folding import fold
from portal.roles import Role
from portal.web.access import audience
from portal.web.downloads import csv_answer
from portal.web.locale import present_day

bp = Blueprint("list_export", __name__, url_prefix="/allocations")

_LONGEST_NAME = 80

_CELLS: Mapping[str, Callable[[OfferingRow], Cell]] = {
    "code": lambda row: row.code,
    "module": lambda row: row.module_code,
    "class": lambda row: row.class_name,
    "cohort": lambda row: row.cohort_code,
    "intake": lambda row: row.intake.value,
    "term": lambda row: f"{row.trimester} · {row.academic_year}",
    "start": lambda row: row.start_date,
    "end": lambda row: row.end_date,
    "credits": lambda row: row.credits,
    "places": lambda row: row.places,
    "facilitator": lambda row: row.facilitator,
}


@bp.get("/export.csv")
@audience(Role.MANAGER, Role.ADMIN)
def as_csv() -> Response:
    """The list of the address as a CSV file."""
    form = ListForm.from_args(request.args)
    return csv_answer(_name(form), _head(form), _rows(form))


@bp.get("/export.xlsx")
@audience(Role.MANAGER, Role.ADMIN)
def as_workbook() -> Response:
    """The list of the address as a workbook."""
    form = ListForm.from_args(request.args)
    return workbook_answer(_name(form), _head(form), _rows(form))


def _head(form: ListForm) -> list[str]:
    return [_("Course"), *(column.label for column in columns_of(form))]


def _rows(form: ListForm) -> Iterator[Sequence[Cell]]:
    words, names = row_words(), form.columns
    for row in every_offering(form.wanted, form.page.sort, form.page.descending):
        yield [row.name, *(_cell(name, row, words) for name in names)]


def _cell(name: str, row: OfferingRow, words: RowWords) -> Cell:
    if name == "mode":
        return mode_name(row.mode)
    if name == "load":
        return "" if row.load is None else _("%(count)s of %(limit)s", count=row.load, limit=row.limit)
    if name == "status":
        return words.nobody if row.lacks_facilitator else words.statuses[row.status]
    return _CELLS[name](row)


def _name(form: ListForm) -> str:
    """The day and the words of the filters, in letters that every file system takes."""
    today = present_day()
    chosen = form.to_args(sort="", columns="")
    words = " ".join(fold(value) for values in chosen.values() for value in values)
    plain = "-".join("".join(sign if sign.isascii() and sign.isalnum() else " " for sign in words).split())
    return f"allocations-{today.isoformat()}-{plain}"[:_LONGEST_NAME].rstrip("-")
