"""A table as a CSV file: safe in a spreadsheet, never all of it in memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from portal.formulas import guard

Cell = str | int | float | date | None
# What a spreadsheet reads UTF-8 by.
BOM = "\ufeff"
_LINES = 500


def csv_parts(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The text of a CSV file in parts, as the rows come."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(BOM)
    writer.writerow([guard(text) for text in head])
    for number, row in enumerate(rows, 1):
        writer.writerow([guard(cell) if isinstance(cell, str) else cell for cell in row])
        if number % _LINES == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()
