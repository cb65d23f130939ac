"""What the pages of imports are sent: how files are read, and which rows of a report are wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from portal.exchange.queries import RowFilter
from portal.exchange.services.parts import Part, kind_of
from portal.exchange.words import COLUMN_WORDS, VERDICTS
from portal.folding import whole_number
from portal.paging import Cursor, PageRequest


@dataclass(frozen=True, slots=True)
class ReadingForm:
    """How somebody wants the tables of an upload to be read. `errors` are by the table's place.

    `is_settled`: they have seen the columns of every kind that they chose.
    """

    parts: Sequence[Part]
    errors: Mapping[int, Sequence[str]] = field(default_factory=dict)
    is_settled: bool = True

    @classmethod
    def from_form(cls, form: Mapping[str, str], parts: Sequence[Part]) -> "ReadingForm":
        """The tables as they are to be read; what the form does not say stays as it was."""
        chosen = [_chosen(form, number, part) for number, part in enumerate(parts)]
        is_settled = all(
            form.get(f"was-{number}", part.kind) == chosen[number].kind for number, part in enumerate(parts)
        )
        return cls(chosen, _errors(chosen), is_settled)


def _chosen(form: Mapping[str, str], number: int, part: Part) -> Part:
    kind = form.get(f"kind-{number}", part.kind)
    known = kind_of(kind)
    if known is None or part.trouble:
        return part.as_kind("")
    if form.get(f"was-{number}") != kind:  # its columns were not shown yet
        return part.as_kind(kind, part.places if part.kind == kind else None)
    places = {column.name: _place(form.get(f"place-{number}-{column.name}", ""), part) for column in known.columns}
    return part.as_kind(kind, {name: place for name, place in places.items() if place is not None})


def _place(text: str, part: Part) -> int | None:
    """A column of the file by its number; None for none of them."""
    found = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else len(part.header)
    return found if found < len(part.header) else None


def _errors(parts: Sequence[Part]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    seen: dict[str, Part] = {}
    for number, part in enumerate(parts):
        if not part.is_read:
            continue
        said = [_("Choose the column for “%(name)s”.", name=COLUMN_WORDS[name]) for name in part.missing()]
        if part.kind in seen:
            said.append(_("%(other)s is read as that already. Leave one of them out.", other=seen[part.kind].name))
        seen.setdefault(part.kind, part)
        if said:
            found[number] = said
    return found


# Every row, said aloud.
ALL = "all"
# What is to be mended comes before thousands of rows that are as they should be.
_FIRST = ("broken", "error")


@dataclass(frozen=True, slots=True)
class ReportForm:
    """The rows of a report that an address asks for; those that cannot be written when it asks for none."""

    wanted: RowFilter
    page: PageRequest
    is_asked: bool

    @classmethod
    def from_args(cls, args: Mapping[str, str], counts: Mapping[str, Any]) -> "ReportForm":
        """The rows of an address; what it does not understand is left out."""
        file, verdict, changed = args.get("file", ""), args.get("verdict", ""), args.get("field", "")
        is_asked = any(args.get(name) for name in ("file", "verdict", "field", "after"))
        if not is_asked:
            verdict = next((name for name in _FIRST if any(count.get(name) for count in counts.values())), "")
        wanted = RowFilter(
            file if file in counts else "",
            verdict if verdict in VERDICTS else "",
            changed if changed in COLUMN_WORDS else "",
        )
        return cls(wanted, PageRequest("number", cursor=Cursor.decode(args.get("after"))), is_asked)

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest parameters that mean these rows from the first on; `changes` replace some of them."""
        args = {"file": self.wanted.file, "verdict": self.wanted.verdict, "field": self.wanted.field}
        if not any(args.values()):
            args["verdict"] = ALL
        return {name: str(value) for name, value in (args | changes).items() if value}

    def total(self, counts: Mapping[str, Mapping[str, int]]) -> int | None:
        """How many rows these are, as far as the counts of the run say it."""
        if self.wanted.field:
            return None
        files = [self.wanted.file] if self.wanted.file else list(counts)
        verdicts = [self.wanted.verdict] if self.wanted.verdict else list(VERDICTS)
        return sum(counts[file].get(verdict, 0) for file in files for verdict in verdicts)


def version_in(form: Mapping[str, str]) -> int:
    """The version of a run that a page was made from; one that no run has for anything else."""
    found = whole_number(form.get("version"))
    return -1 if found is None else found
