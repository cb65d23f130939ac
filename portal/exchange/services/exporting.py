"""Everything that files can hold, written as the files that an import reads. Importing them again changes nothing."""

import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.accounts.services.bulk import stored_facilitators, stored_students
from portal.allocations.services.bulk import stored_offerings
from portal.bulk import Stored
from portal.catalogue import services as catalogue
from portal.enrolments.services import stored_enrolments
from portal.errors import DomainError, lazy
from portal.exchange.services.kinds import (
    BREAKS,
    CLASSES,
    COHORTS,
    ENROLMENTS,
    FACILITATORS,
    KINDS,
    MODULES,
    OFFERINGS,
    STUDENTS,
    Kind,
)
from portal.formulas import guard
from portal.jobs.works import Progress, Silent


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and how many rows it has below its header."""

    path: Path
    rows: int


def export_folder(folder: Path, *, as_workbooks: bool = False, progress: Progress | None = None) -> list[Exported]:
    """Write all files into a folder, which is made if it is not there; files of the same names are replaced.

    Open and cancelled courses have no place in a term's files. Raises DomainError when the folder cannot be written.
    """
    ending = ".xlsx" if as_workbooks else ".csv"
    progress = progress or Silent()
    progress.begin(lazy("Writing files"), len(KINDS))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        exported = []
        for kind, rows in _everything():
            exported.append(_write_file(folder / f"{kind.name}{ending}", kind, rows))
            progress.advance(1)
        return exported
    except OSError as error:
        raise DomainError(
            lazy("%(folder)s cannot be written: %(why)s", folder=str(folder), why=error.strerror)
        ) from None


def _everything() -> Iterator[tuple[Kind, Iterable[Any]]]:
    cohorts = catalogue.stored_cohorts()
    offerings = stored_offerings(with_cancelled=False)
    yield BREAKS, _drafts(catalogue.stored_breaks())
    yield MODULES, _drafts(catalogue.stored_modules())
    yield CLASSES, _drafts(catalogue.stored_classes())
    yield COHORTS, _drafts(cohorts)
    yield FACILITATORS, _drafts(stored_facilitators())
    yield STUDENTS, _drafts(stored_students({stored.id: code for code, stored in cohorts.items()}))
    yield OFFERINGS, _drafts(offerings)
    yield ENROLMENTS, _drafts(stored_enrolments({stored.id: key for key, stored in offerings.items()}))


def _drafts(stored: Mapping[Any, Stored[Any]]) -> Iterator[Any]:
    """Drafts in the order of their keys, so that two exports differ only where the data does."""
    return (stored[key].draft for key in sorted(stored))


def _write_file(path: Path, kind: Kind, drafts: Iterable[Any]) -> Exported:
    """Write one file beside its place and put it there when it is complete."""
    names = [column.name for column in kind.columns]
    rows = [[_cell(value) for value in _values(kind, draft, names)] for draft in drafts]
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    os.close(handle)
    try:
        _FORMATS[path.suffix](Path(temporary), [names, *rows])
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)
    return Exported(path, len(rows))


def _write_csv(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def _write_xlsx(path: Path, rows: Iterable[Sequence[str]]) -> None:
    """All cells as text: a spreadsheet must not make numbers of codes."""
    import xlsxwriter  # takes long to import, and few requests need it

    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                sheet.write_string(number, column, text)


_FORMATS = {".csv": _write_csv, ".xlsx": _write_xlsx}


def _values(kind: Kind, draft: Any, names: Iterable[str]) -> Iterator[Any]:
    """A draft's values in the order of the columns; an enrolment's course is spread over its seven columns."""
    course = dict(zip(OFFERINGS.key, draft.offering, strict=True)) if kind is ENROLMENTS else {}
    return (course[name] if name in course else getattr(draft, name) for name in names)


def _cell(value: Any) -> str:
    return "" if value is None else guard(str(value))
