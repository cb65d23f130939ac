"""Everything that files can hold, written as the files that an import reads. Importing them again changes nothing."""

import contextlib
import csv
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from portal.accounts.services.bulk import stored_facilitators, stored_students
from portal.allocations.services.bulk import stored_offerings
from portal.bulk import Stored
from portal.catalogue import services as catalogue
from portal.enrolments.services import stored_enrolments
from portal.errors import DomainError, lazy
from portal.exchange.services.cells import guard
from portal.exchange.services.kinds import (
    BREAKS,
    CLASSES,
    COHORTS,
    ENROLMENTS,
    FACILITATORS,
    MODULES,
    OFFERINGS,
    STUDENTS,
    Kind,
)


@dataclass(frozen=True, slots=True)
class Exported:
    """A file that was written, and how many rows it has below its header."""

    path: Path
    rows: int


def export_folder(folder: Path) -> list[Exported]:
    """Write all files into a folder, which is made if it is not there; files of the same names are replaced.

    Open and cancelled courses have no place in a term's files. Raises DomainError when the folder cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return [_write_file(folder / f"{kind.name}.csv", kind, rows) for kind, rows in _everything()]
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
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    rows = 0
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            for rows, draft in enumerate(drafts, start=1):  # noqa: B007  (the last number is the count)
                writer.writerow([_cell(value) for value in _values(kind, draft, names)])
        Path(temporary).replace(path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            Path(temporary).unlink()
    return Exported(path, rows)


def _values(kind: Kind, draft: Any, names: Iterable[str]) -> Iterator[Any]:
    """A draft's values in the order of the columns; an enrolment's course is spread over its seven columns."""
    course = dict(zip(OFFERINGS.key, draft.offering, strict=True)) if kind is ENROLMENTS else {}
    return (course[name] if name in course else getattr(draft, name) for name in names)


def _cell(value: Any) -> str:
    return "" if value is None else guard(str(value))
