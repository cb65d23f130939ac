"""The columns of the list: their words, and which of them a page shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from flask import request
from flask_babel import format_date
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.allocations.forms.listing import COLUMNS, ListForm
from portal.allocations.models import OfferingStatus
from portal.allocations.routes.blueprint import bp
from portal.allocations.words import status_name
from portal.web.locale import worded


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name in addresses, its word, and by which sort its head sorts."""

    name: str
    label: str
    sort: str


_WORDS: Mapping[str, tuple[Any, str]] = {
    "code": (_l("Code · class"), "code"),
    "module": (_l("Module code"), "code"),
    "class": (_l("Class"), "class"),
    "cohort": (_l("Cohort"), "cohort"),
    "mode": (_l("Mode"), "mode"),
    "intake": (_l("Intake"), "intake"),
    "term": (_l("Trimester"), "term"),
    "start": (_l("Start date"), "start"),
    "end": (_l("End date"), "end"),
    "credits": (_l("Credits"), "credits"),
    "places": (_l("Places"), "places"),
    "facilitator": (_l("Facilitator"), "facilitator"),
    "load": (_l("Load"), "load"),
    "status": (_l("Status"), "status"),
}


def every_column() -> Sequence[Column]:
    """All columns, in their order."""
    return [Column(name, str(_WORDS[name][0]), _WORDS[name][1]) for name in COLUMNS]


def columns_of(form: ListForm) -> Sequence[Column]:
    """The columns that a list shows, in their order."""
    return [column for column in every_column() if column.name in form.columns]


@dataclass(frozen=True, slots=True)
class RowWords:
    """The words of every row, looked up once for all of them: a list has fifty."""

    allocate: str
    change: str
    nobody: str
    select: tuple[str, str]
    statuses: Mapping[OfferingStatus, str]


def row_words() -> RowWords:
    """The words of a row in the reader's language."""
    before, _course, after = str(_("Select %(course)s", course="\n")).partition("\n")
    statuses = {status: status_name(status) for status in OfferingStatus}
    return RowWords(_("Allocate"), _("Change"), _("No facilitator"), (before, after), statuses)


def list_behind() -> ListForm:
    """The list on which htmx asks; it sends its address along, and each filter stands in it."""
    try:
        query = urlsplit(request.headers.get("HX-Current-URL", "")).query
    except ValueError:  # an address that is none
        query = ""
    return ListForm.from_query(query)


@bp.app_template_filter("date_medium")
def date_medium(day: date) -> str:
    """23 Nov 2026, 23 nov. 2026."""
    return str(format_date(day, worded("d MMM y", day)))


@bp.context_processor
def _columns_of_page() -> dict[str, Any]:
    """A row that is rendered alone has the columns of the list that it goes back to."""
    return {"columns": columns_of(list_behind()), "words": row_words()}
