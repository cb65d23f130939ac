"""The first step of an import: every row of every file becomes a draft or an error. Nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from portal.bulk import differences
from portal.errors import lazy, lazy_plural
from portal.exchange.readers import BadFile, FileThere, Line, Table, find_files, read_table, readable
from portal.exchange.services.cells import Blank, Column, RowError, read_cell
from portal.exchange.services.kinds import KINDS, Given, Kind
from portal.exchange.services.results import Remark, Report, RowResult, Verdict
from portal.exchange.services.term import Term, hint_of

_STEP = 250


class Progress(Protocol):
    """Somebody who is told how far the work has come."""

    def begin(self, label: Any, total: int) -> None:
        """A part of the work begins; `label` is translatable, `total` counts its steps."""

    def advance(self, steps: int) -> None:
        """So many steps more are done."""


class Silent:
    """Tells nobody."""

    def begin(self, label: Any, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a folder holds: the report for people, and the plans of every kind for writing."""

    source: str
    report: Report
    term: Term


def check_folder(folder: Path, progress: Progress | None = None) -> Checked:
    """Read and check all known files of a folder. Whatever is wrong with them stands in the report."""
    report = Report()
    tables = _read(folder, report)
    term = Term(hint_of(table for _, table in tables))
    progress = progress or Silent()
    progress.begin(lazy("Checking rows"), sum(len(table.lines) for _, table in tables))
    for kind, table in tables:
        _check_table(kind, table, term, report, progress)
    return Checked(readable(folder), report, term)


def _read(folder: Path, report: Report) -> list[tuple[Kind, Table]]:
    """The tables of a folder in the order of KINDS; files that cannot be read are noted as broken."""
    try:
        files, unknown = find_files(folder, [kind.name for kind in KINDS])
    except BadFile as error:
        report.broken.append(_broken(error))
        return []
    report.remarks += [Remark(name, lazy("This file is not known and was left alone.")) for name in unknown]
    report.files = [file.path.name for file in files]
    return [found for file in files if (found := _read_one(file, report))]


def _read_one(file: FileThere, report: Report) -> tuple[Kind, Table] | None:
    kind = next(kind for kind in KINDS if kind.name == file.kind)
    try:
        table = read_table(file.path)
        _check_header(kind, table, report)
    except BadFile as error:
        report.broken.append(_broken(error))
        return None
    return kind, table


def _broken(error: BadFile) -> RowResult:
    return RowResult(error.file, error.line, Verdict.ERROR, error.column, error.value, error.message)


def _check_header(kind: Kind, table: Table, report: Report) -> None:
    """Raise BadFile for a column that is missing; remark on columns that are not known."""
    known = {column.name for column in kind.columns}
    missing = [column.name for column in kind.columns if column.required and column.name not in table.columns]
    if missing:
        there = ", ".join(name for name in table.columns if name)
        why = lazy("The column %(name)s is missing. The header has: %(there)s.", name=missing[0], there=there[:300])
        raise BadFile(table.file, why, line=1, column=missing[0])
    for number, name in enumerate(table.columns, start=1):
        if name not in known:
            why = lazy("The column %(name)s is not known and was left out.", name=name or f"({number})")
            report.remarks.append(Remark(table.file, why))


def _check_table(kind: Kind, table: Table, term: Term, report: Report, progress: Progress) -> None:
    places = [(column, table.columns.index(column.name)) for column in kind.columns if column.name in table.columns]
    first = len(report.rows)
    for number, line in enumerate(table.lines, start=1):
        report.rows.append(_check_line(kind, table, places, line, term))
        if number % _STEP == 0:
            progress.advance(_STEP)
    progress.advance(len(table.lines) % _STEP)
    repeated = sum(bool(row.message) and row.verdict is Verdict.UNCHANGED for row in report.rows[first:])
    if repeated:
        said = lazy_plural(
            "%(count)s row repeats an earlier one and was counted once.",
            "%(count)s rows repeat earlier ones and were counted once.",
            repeated,
            count=repeated,
        )
        report.remarks.append(Remark(table.file, said))


def _check_line(kind: Kind, table: Table, places: Sequence[tuple[Column, int]], line: Line, term: Term) -> RowResult:
    given: Given = {}
    try:
        if len(line.cells) != len(table.columns):
            raise _ragged(len(line.cells), len(table.columns))
        _read_cells(places, line, given, kind)
        verdict, message = _judge(kind, line.number, given, term)
    except RowError as error:
        if all(name in given for name in kind.key):
            kind.register(term).refuse(kind.key_in(given), table.file, line.number)
        verdict = Verdict.SKIPPED if error.follows else Verdict.ERROR
        return RowResult(table.file, line.number, verdict, error.column, error.value, error.message)
    return RowResult(table.file, line.number, verdict, message=message)


def _ragged(cells: int, columns: int) -> RowError:
    return RowError(lazy("This row has %(cells)s cells, but the header has %(columns)s.", cells=cells, columns=columns))


def _read_cells(places: Sequence[tuple[Column, int]], line: Line, given: Given, kind: Kind) -> None:
    """Fill `given` with all values that can be read; raises the first fault afterwards."""
    fault: RowError | None = None
    for column, place in places:
        try:
            value = read_cell(column, line.cells[place])
        except RowError as error:
            fault = fault or error
        else:
            if value is not Blank.AS_BEFORE:
                given[column.name] = value
    kind.complete(given)
    if fault:
        raise fault


def _judge(kind: Kind, line: int, given: Given, term: Term) -> tuple[Verdict, Any]:
    """What becomes of a readable row, with a word for duplicates; plans it. Raises RowError."""
    kind.refer(given, term)
    register = kind.register(term)
    key = kind.key_in(given)
    spelled = register.spelling_of(key)
    if spelled is not None:
        given |= dict(zip(kind.key, spelled if len(kind.key) > 1 else (spelled,), strict=True))
        key = spelled
    stored = register.stored.get(key)
    earlier = register.earlier(key)
    if earlier:
        return _compare(earlier, replace(earlier[1], **given), kind)
    draft = replace(stored.draft, **given) if stored else kind.draft(**given)
    kind.verify(draft, stored, term)
    register.take(key, line, draft)
    if stored is None:
        return Verdict.CREATE, ""
    return (Verdict.UNCHANGED if stored.draft == draft else Verdict.UPDATE), ""


def _compare(earlier: tuple[int, Any], draft: Any, kind: Kind) -> tuple[Verdict, Any]:
    """A row that repeats an earlier one is fine; one that contradicts it is not. Raises RowError."""
    line, first = earlier
    found = differences(first, draft)
    if not found:
        return Verdict.UNCHANGED, lazy("same as line %(line)s, counted once", line=line)
    columns = ", ".join(found)
    there, here = (", ".join(_shown(pair[side]) for pair in found.values()) for side in (0, 1))
    why = lazy(
        "Same %(thing)s as line %(line)s, but %(columns)s is %(there)s there and %(here)s here.",
        thing=kind.thing, line=line, columns=columns, there=there, here=here,
    )  # fmt: skip
    raise RowError(why, columns, here)


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)
