"""What a file is read into."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from portal.errors import lazy

# More rows than a term has, and few enough that short ones do not fill the memory.
MOST_LINES = 500_000
# More columns than any of our files has, and what people keep beside them.
MOST_COLUMNS = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a file: the line it begins on, counted from 1, and its cells as text."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A file with its header: `columns` are the header's names as we spell ours, in the file's order."""

    file: str
    columns: tuple[str, ...]
    lines: tuple[Line, ...]


class BadFile(Exception):
    """A file that cannot be read. `message` is translatable and says what to do; line 0 is the whole file."""

    def __init__(self, file: str, message: Any, line: int = 0, column: str = "", value: str = "") -> None:
        super().__init__(message)
        self.file, self.message, self.line, self.column, self.value = file, message, line, column, value


def readable(path: Path | str) -> str:
    """A path as text that can be shown and stored; what its name holds in another encoding becomes �."""
    return os.fsencode(path).decode(errors="replace")


def as_table(file: str, lines: Iterable[Line], places: Mapping[str, int] | None = None) -> Table:
    """The table whose first line is its header. Lines without any text are left out. Raises BadFile.

    With `places`, where each of our columns stands, its own names of columns do not count.
    """
    header, filled = open_table(file, lines)
    if places is None:
        columns = tuple(column_name(cell) for cell in header.cells)
        _refuse_twins(file, header, columns)
    else:
        named = {place: name for name, place in places.items()}
        columns = tuple(named.get(place, "") for place in range(len(header.cells)))
    lines_below = tuple(islice(filled, MOST_LINES + 1))
    if len(lines_below) > MOST_LINES:
        raise BadFile(file, lazy("The file has more than %(limit)s rows. Divide it.", limit=MOST_LINES))
    return Table(file, columns, lines_below)


def open_table(file: str, lines: Iterable[Line]) -> tuple[Line, Iterator[Line]]:
    """The header of a table, and the lines below it that hold any text. Raises BadFile."""
    filled = (line for line in lines if any(cell.strip() for cell in line.cells))
    header = next(filled, None)
    if header is None:
        raise BadFile(file, lazy("The file is empty; it needs at least a row with the names of its columns."))
    if len(header.cells) > MOST_COLUMNS:
        count = len(header.cells)
        why = lazy("The file has %(count)s columns; at most %(limit)s are read.", count=count, limit=MOST_COLUMNS)
        raise BadFile(file, why)
    return header, filled


def column_name(cell: str) -> str:
    """A name of a column as we spell ours."""
    return "_".join(cell.strip().lower().split())


def _refuse_twins(file: str, header: Line, columns: Sequence[str]) -> None:
    for position, name in enumerate(columns):
        if name and name in columns[:position]:
            raise BadFile(file, lazy("The header has this column twice."), header.number, name, header.cells[position])
