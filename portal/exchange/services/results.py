"""What an import would do or did, row by row."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Verdict(StrEnum):
    """What becomes of a row. `skipped` rows depend on a row with an error."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    ERROR = "error"
    SKIPPED = "skipped"

    @property
    def is_left_out(self) -> bool:
        """Whether nothing of the row is written."""
        return self in {Verdict.ERROR, Verdict.SKIPPED}


Changes = Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class RowResult:
    """One row's fate: file, line (0: all of it), verdict; for errors column, value and a translatable message.

    `key` names what a good row describes, `changes` says what an update changes, each with (before, after); `cells`
    are those of a row that is left out, if the report keeps them.
    """

    file: str
    line: int
    verdict: Verdict
    column: str = ""
    value: str = ""
    message: Any = ""
    cells: Sequence[str] = ()
    changes: Changes | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that a person should know and that stops nothing; `message` is translatable."""

    file: str
    message: Any


@dataclass(slots=True)
class Report:
    """All rows in the order of files and lines. `broken` files could not be read at all, so nothing can be written."""

    rows: list[RowResult] = field(default_factory=list)
    remarks: list[Remark] = field(default_factory=list)
    broken: list[RowResult] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    # Whether rows that are left out keep their cells, to be mended and sent again.
    keeps_cells: bool = False

    @property
    def errors(self) -> list[RowResult]:
        """Files that cannot be read, then rows with an error of their own."""
        return [*self.broken, *(row for row in self.rows if row.verdict is Verdict.ERROR)]

    def counts(self) -> dict[str, Counter[Verdict]]:
        """How many rows of each file have which verdict."""
        found: dict[str, Counter[Verdict]] = {name: Counter() for name in self.files}
        for row in self.rows:
            found[row.file][row.verdict] += 1
        return found

    def may_be_written(self, *, skip_errors: bool) -> bool:
        """Whether nothing stands against writing the rows without an error."""
        return not self.broken and (skip_errors or not self.errors)
