"""What people ask for in an address or a form, checked for its shape."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from portal.allocations.models import IntakePeriod, OfferingStatus
from portal.allocations.queries import SORTS, OfferingFilter
from portal.paging import Cursor, PageRequest

NO_FACILITATOR = "none"
DEFAULT_SORT = next(iter(SORTS))
MAX_TEXT = 200
_TERM = re.compile(r"(?:(\d{4})(?:-([1-3]))?|([1-3]))")
_TRUE = frozenset({"1", "true", "yes", "on"})
_WHOLE = re.compile(r"\d{1,9}")

Kind = TypeVar("Kind", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class ListForm:
    """A list as an address asks for it. `misunderstood` holds the values that mean nothing here, as they were typed."""

    wanted: OfferingFilter
    page: PageRequest
    misunderstood: tuple[str, ...] = ()

    @classmethod
    def from_args(cls, args: Mapping[str, str]) -> "ListForm":
        """The list of an address; what it does not understand is left out and named."""
        texts = {name: clean(args.get(name)) for name in args}
        reader = _Reader(texts)
        year, trimester = reader.term()
        wanted = OfferingFilter(
            academic_year=year,
            trimester=trimester,
            cohort=texts.get("cohort", ""),
            intake=reader.one_of("intake", IntakePeriod),
            facilitator=texts.get("facilitator", ""),
            mode=texts.get("mode", ""),
            module=texts.get("module", ""),
            department=texts.get("department", ""),
            status=None if texts.get("status") == NO_FACILITATOR else reader.one_of("status", OfferingStatus),
            unallocated=texts.get("status") == NO_FACILITATOR or texts.get("unallocated", "").lower() in _TRUE,
            q=texts.get("q", ""),
        )
        return cls(wanted, reader.page(args.get("after")), tuple(reader.misunderstood))

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest address parameters that mean this list from its first page; `changes` replace some of them."""
        wanted = self.wanted
        year, trimester = wanted.academic_year, wanted.trimester
        term = "-".join(str(part) for part in (year, trimester) if part)
        status = wanted.status or (NO_FACILITATOR if wanted.unallocated else "")
        args = {
            "q": wanted.q,
            "trimester": term,
            "department": wanted.department,
            "cohort": wanted.cohort,
            "module": wanted.module,
            "facilitator": wanted.facilitator,
            "status": status,
            "unallocated": "1" if wanted.unallocated and wanted.status else "",
            "mode": wanted.mode,
            "intake": wanted.intake or "",
            "sort": sort_name(self.page.sort, self.page.descending),
        }
        return {name: str(value) for name, value in (args | changes).items() if value}


def sort_name(sort: str, descending: bool) -> str:
    """A sort as an address writes it; empty for the one that needs no word."""
    return f"-{sort}" if descending else "" if sort == DEFAULT_SORT else sort


def clean(text: str | None) -> str:
    """What was typed, in one line of at most 200 characters, without what no database takes."""
    return " ".join((text or "").replace("\0", " ")[: 2 * MAX_TEXT].split())[:MAX_TEXT]


class _Reader:
    """Reads values out of texts and keeps what it could not read."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self.misunderstood: list[str] = []

    def one_of(self, name: str, kind: type[Kind]) -> Kind | None:
        """A member of an enum by its value, in any case."""
        text = self._texts.get(name, "")
        found = next((member for member in kind if member.value.lower() == text.lower()), None)
        if text and found is None:
            self.misunderstood.append(text)
        return found

    def term(self) -> tuple[int | None, int | None]:
        """Academic year and trimester, of "2026-3", "2026", "3", or of two parameters."""
        year = self._number("academic_year")
        text = self._texts.get("trimester", "")
        found = _TERM.fullmatch(text)
        if found is None:
            if text:
                self.misunderstood.append(text)
            return year, None
        named_year, of_year, alone = found.groups()
        trimester = of_year or alone
        return int(named_year) if named_year else year, int(trimester) if trimester else None

    def _number(self, name: str) -> int | None:
        text = self._texts.get(name, "")
        if text and not re.fullmatch(r"\d{4}", text):
            self.misunderstood.append(text)
            return None
        return int(text) if text else None

    def page(self, cursor: str | None) -> PageRequest:
        """Which part of the list, in which order."""
        text = self._texts.get("sort", "")
        name = text.removeprefix("-")
        if text and name not in SORTS:
            self.misunderstood.append(text)
            name = ""
        return PageRequest(name or DEFAULT_SORT, bool(name) and text.startswith("-"), Cursor.decode(cursor))


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
            version=_whole(form.get("version")) or 0,
            facilitator_id=_whole(form.get("facilitator") or form.get("person")),
            text=clean(form.get("facilitator_text")),
            removes=form.get("deed") == "remove",
            reason=clean(form.get("reason")),
        )


def _whole(text: str | None) -> int | None:
    return int(text) if text and _WHOLE.fullmatch(text, 0) and text.isascii() else None
