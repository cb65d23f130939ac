"""What people ask for in an address or a form, checked for its shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar
from urllib.parse import parse_qsl

from werkzeug.datastructures import MultiDict

from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import SORTS, OfferingFilter
from portal.allocations.queries.filters import Term
from portal.folding import one_line, whole_number
from portal.paging import Cursor, PageRequest

NO_FACILITATOR = "none"
DEFAULT_SORT = next(iter(SORTS))
MAX_TEXT = 200
# More values of one filter than anybody ticks make a statement that no database likes.
MAX_VALUES = 50
_LONGEST_QUERY = 16_000
# Every column that a table of courses can have, in its order, and those that it has unless asked otherwise.
COLUMNS = (
    "code", "module", "class", "cohort", "mode", "intake", "term", "start", "end", "credits", "places", "facilitator",
    "load", "status",
)  # fmt: skip
DEFAULT_COLUMNS = ("code", "mode", "intake", "places", "facilitator", "load", "status")
_TERM = re.compile(r"(?:([0-9]{4})(?:-([1-3]))?|([1-3]))")
_YEAR = re.compile(r"[0-9]{4}")
_TRUE = frozenset({"1", "true", "yes", "on"})

Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ListForm:
    """A list as an address asks for it. `misunderstood` holds the values that mean nothing here, as they were typed.

    `columns` are the names of the columns that stand in the table.
    """

    wanted: OfferingFilter
    page: PageRequest
    columns: tuple[str, ...] = DEFAULT_COLUMNS
    misunderstood: tuple[str, ...] = ()

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "ListForm":
        """The list of an address, in which names may be repeated; what it does not understand is left out and named."""
        reader = _Reader(args if isinstance(args, MultiDict) else MultiDict(args))
        chosen = reader.texts("status")
        wanted = OfferingFilter(
            terms=reader.terms(),
            cohorts=reader.texts("cohort"),
            intakes=reader.members("intake", IntakePeriod),
            facilitators=reader.texts("facilitator"),
            modes=reader.texts("mode"),
            modules=reader.texts("module"),
            departments=reader.texts("department"),
            statuses=reader.members("status", OfferingStatus, but=NO_FACILITATOR),
            without_facilitator=NO_FACILITATOR in chosen,
            unallocated=reader.text("unallocated").lower() in _TRUE,
            q=reader.text("q"),
        )
        return cls(wanted, reader.page(), reader.columns(), tuple(reader.misunderstood))

    @classmethod
    def from_query(cls, query: str) -> "ListForm":
        """The list of what stands behind the question mark of an address."""
        return cls.from_args(MultiDict(parse_qsl(query[:_LONGEST_QUERY])))

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest address parameters that mean this list from its first page, each a list of texts.

        `changes` replace some of them.
        """
        wanted = self.wanted
        standing: list[str] = [NO_FACILITATOR] if wanted.without_facilitator else []
        args: dict[str, Any] = {
            "q": wanted.q,
            "trimester": ["-".join(str(part) for part in term if part) for term in wanted.terms],
            "department": wanted.departments,
            "cohort": wanted.cohorts,
            "module": wanted.modules,
            "facilitator": wanted.facilitators,
            "status": [*wanted.statuses, *standing],
            "unallocated": "1" if wanted.unallocated else "",
            "mode": wanted.modes,
            "intake": wanted.intakes,
            "sort": sort_name(self.page.sort, self.page.descending),
            "columns": "" if self.columns == DEFAULT_COLUMNS else ",".join(self.columns),
        }
        lists = {name: [value] if isinstance(value, str) else value for name, value in (args | changes).items()}
        kept = {name: [str(value) for value in values or () if value] for name, values in lists.items()}
        return {name: values for name, values in kept.items() if values}


def sort_name(sort: str, descending: bool) -> str:
    """A sort as an address writes it; empty for the one that needs no word."""
    return f"-{sort}" if descending else "" if sort == DEFAULT_SORT else sort


def clean(text: str | None) -> str:
    """What was typed, in one line of at most 200 characters, without what no database takes."""
    return one_line((text or "")[: 2 * MAX_TEXT])[:MAX_TEXT]


class _Reader:
    """Reads values out of parameters and keeps what it could not read."""

    def __init__(self, args: MultiDict[str, str]) -> None:
        self._args = args
        self.misunderstood: list[str] = []

    def texts(self, name: str) -> tuple[str, ...]:
        """What was given under a name, each once, in its order."""
        found = (clean(text) for text in self._args.getlist(name)[: 2 * MAX_VALUES])
        return tuple(dict.fromkeys(text for text in found if text))[:MAX_VALUES]

    def text(self, name: str) -> str:
        """The first of these."""
        return next(iter(self.texts(name)), "")

    def members(self, name: str, kind: type[Kind], but: str = "") -> tuple[Kind, ...]:
        """Members of an enum by their values, in any case."""
        by_value = {member.value.lower(): member for member in kind}
        texts = [text for text in self.texts(name) if text != but]
        self.misunderstood += [text for text in texts if text.lower() not in by_value]
        return tuple(dict.fromkeys(by_value[text.lower()] for text in texts if text.lower() in by_value))

    def terms(self) -> tuple[Term, ...]:
        """Academic years with trimesters, of "2026-3", "2026", "3"; `academic_year` goes with those without a year."""
        year = self._year()
        found: list[Term] = []
        for text in self.texts("trimester"):
            match = _TERM.fullmatch(text)
            if match is None:
                self.misunderstood.append(text)
                continue
            named_year, of_year, alone = match.groups()
            trimester = of_year or alone
            found.append((int(named_year) if named_year else year, int(trimester) if trimester else None))
        return tuple(dict.fromkeys(found)) or (((year, None),) if year else ())

    def _year(self) -> int | None:
        text = self.text("academic_year")
        if text and not _YEAR.fullmatch(text):
            self.misunderstood.append(text)
            return None
        return int(text) if text else None

    def columns(self) -> tuple[str, ...]:
        """The columns that shall stand in the table, in the order in which the table has them."""
        texts = [part for text in self.texts("columns") for part in text.split(",")]
        self.misunderstood += [text for text in texts if text not in COLUMNS]
        return tuple(name for name in COLUMNS if name in texts) or DEFAULT_COLUMNS

    def page(self) -> PageRequest:
        """Which part of the list, in which order."""
        text = self.text("sort")
        name = text.removeprefix("-")
        if text and name not in SORTS:
            self.misunderstood.append(text)
            name = ""
        after = Cursor.decode(self._args.get("after"))
        return PageRequest(name or DEFAULT_SORT, bool(name) and text.startswith("-"), after)


@dataclass(frozen=True, slots=True)
class AssignForm:
    """Who shall teach a course: chosen from a list (`facilitator_id`), typed (`text`), or nobody (`removes`)."""

    version: int
    facilitator_id: int | None
    text: str
    removes: bool
    reason: str

    @classmethod
    def from_form(cls, form: Mapping[str, str]) -> "AssignForm":
        """The form as it was sent; a missing or broken version is 0, which is stale."""
        return cls(
            version=whole_number(form.get("version")) or 0,
            facilitator_id=whole_number(form.get("facilitator") or form.get("person")),
            text=clean(form.get("facilitator_text")),
            removes=form.get("deed") == "remove",
            reason=clean(form.get("reason")),
        )
