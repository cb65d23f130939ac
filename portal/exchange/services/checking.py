"""The first step of an import: every row of every file becomes a draft or an error. Nothing is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from portal.bulk import differences
from portal.errors import lazy, lazy_plural
from portal.exchange.readers import BadFile, Line, Table, find_files, read_table, readable
from portal.exchange.services.cells import Blank, Column, RowError, read_cell
from portal.exchange.services.kinds import KINDS, Given, Kind
from portal.exchange.services.results import Changes, Remark, Report, RowResult, Verdict
from portal.exchange.services.term import Term, hint_of
from portal.jobs.works import Progress, Silent

_STEP = 250


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: what kind of rows it has, where it is, what the report calls it, and which sheet of it.

    `places` says where our columns stand, whatever its header calls them; None: the header names them as we do.
    """

    kind: str
    path: Path
    name: str
    sheet: int = 0
    places: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """What a folder holds: the report for people, and the plans of every kind for writing."""

    source: str
    report: Report
    term: Term


def check_folder(folder: Path, progress: Progress | None = None) -> Checked:
    """Read and check all known files of a folder. Whatever is wrong with them stands in the report."""
    report = Report()
    return _check(readable(folder), _find(folder, report), report, progress or Silent())


def check_files(source: str, files: Sequence[Source], progress: Progress | None = None) -> Checked:
    """Read and check these files, each of another kind. Whatever is wrong with them stands in the report."""
    names = [kind.name for kind in KINDS]
    in_order = sorted(files, key=lambda file: names.index(file.kind))
    return _check(source, in_order, Report(keeps_cells=True), progress or Silent())


def _check(source: str, files: Sequence[Source], report: Report, progress: Progress) -> Checked:
    report.files = [file.name for file in files]
    progress.begin(lazy("Reading files"), len(files))
    tables = []
    for file in files:
        tables += _read_one(file, report)
        progress.advance(1)
    term = Term(hint_of(table for _, table in tables))
    progress.begin(lazy("Checking rows"), sum(len(table.lines) for _, table in tables))
    tables.reverse()
    while tables:  # what is checked need not be kept: the plans hold all that will be written
        kind, table = tables.pop()
        _check_table(kind, table, term, report, progress)
    return Checked(source, report, term)


def _find(folder: Path, report: Report) -> list[Source]:
    """The files of a folder in the order of KINDS; what is not known is remarked on."""
    try:
        files, unknown = find_files(folder, [kind.name for kind in KINDS])
    except BadFile as error:
        report.broken.append(_broken(error))
        return []
    report.remarks += [Remark(name, lazy("This file is not known and was left alone.")) for name in unknown]
    return [Source(file.kind, file.path, file.path.name) for file in files]


def _read_one(file: Source, report: Report) -> list[tuple[Kind, Table]]:
    """The table of a file; none of one that cannot be read, which is noted as broken."""
    kind = next(kind for kind in KINDS if kind.name == file.kind)
    try:
        table = read_table(file.path, file.name, file.sheet, file.places)
        _check_header(kind, table, report, is_mapped=file.places is not None)
    except BadFile as error:
        report.broken.append(_broken(error))
        return []
    return [(kind, table)]


def _broken(error: BadFile) -> RowResult:
    return RowResult(error.file, error.line, Verdict.ERROR, error.column, error.value, error.message)


def _check_header(kind: Kind, table: Table, report: Report, *, is_mapped: bool) -> None:
    """Raise BadFile for a column that is missing; remark on columns that are not known."""
    known = {column.name for column in kind.columns}
    missing = [column.name for column in kind.columns if column.required and column.name not in table.columns]
    if missing:
        there = ", ".join(name for name in table.columns if name)
        why = lazy("The column %(name)s is missing. The header has: %(there)s.", name=missing[0], there=there[:300])
        raise BadFile(table.file, why, line=1, column=missing[0])
    for number, name in enumerate(table.columns, start=1):
        if name not in known and not is_mapped:
            why = lazy("The column %(name)s is not known and was left out.", name=name or f"({number})")
            report.remarks.append(Remark(table.file, why))


def _check_table(kind: Kind, table: Table, term: Term, report: Report, progress: Progress) -> None:
    places = [(column, table.columns.index(column.name)) for column in kind.columns if column.name in table.columns]
    first = len(report.rows)
    for number, line in enumerate(table.lines, start=1):
        row = _check_line(kind, table, places, line, term)
        report.rows.append(replace(row, cells=line.cells) if report.keeps_cells and row.verdict.is_left_out else row)
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
        verdict, message, changes = _judge(kind, line.number, given, term)
    except RowError as error:
        if all(name in given for name in kind.key):
            kind.register(term).refuse(kind.key_in(given), table.file, line.number)
        verdict = Verdict.SKIPPED if error.follows else Verdict.ERROR
        return RowResult(table.file, line.number, verdict, error.column, error.value, error.message)
    return RowResult(table.file, line.number, verdict, message=message, changes=changes, key=kind.key_in_words(given))


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


def _judge(kind: Kind, line: int, given: Given, term: Term) -> tuple[Verdict, Any, Changes | None]:
    """What becomes of a readable row, with a word for duplicates or what changes; plans it. Raises RowError."""
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
        return Verdict.UNCHANGED, _compare(earlier, replace(earlier[1], **given), kind), None
    draft = replace(stored.draft, **given) if stored else kind.draft(**given)
    kind.verify(draft, stored, term)
    register.take(key, line, draft)
    if stored is None:
        return Verdict.CREATE, "", None
    changes = differences(stored.draft, draft)
    return (Verdict.UPDATE, "", changes) if changes else (Verdict.UNCHANGED, "", None)


def _compare(earlier: tuple[int, Any], draft: Any, kind: Kind) -> Any:
    """A row that repeats an earlier one is fine; one that contradicts it is not. Raises RowError."""
    line, first = earlier
    found = differences(first, draft)
    if not found:
        return lazy("same as line %(line)s, counted once", line=line)
    columns = ", ".join(found)
    there, here = (", ".join(_shown(pair[side]) for pair in found.values()) for side in (0, 1))
    why = lazy(
        "Same %(thing)s as line %(line)s, but %(columns)s is %(there)s there and %(here)s here.",
        thing=kind.thing, line=line, columns=columns, there=there, here=here,
    )  # fmt: skip
    raise RowError(why, columns, here)


def _shown(value: Any) -> str:
    return "–" if value is None else str(value)
