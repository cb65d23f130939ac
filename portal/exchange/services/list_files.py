"""A list as a file: what stands on the screen, row by row, never all of it in memory."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import xlsxwriter

from portal.formulas import guard

Cell = str | int | date | None
# What a spreadsheet reads UTF-8 by.
BOM = "\ufeff"
_LINES = 500
_DAY = "yyyy-mm-dd"
_NARROW, _WIDE = 12, 34


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


def write_workbook(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a workbook with numbers and days as such, its head in sight; gives how many rows it has below the head."""
    number = 0
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        bold, day = book.add_format({"bold": True}), book.add_format({"num_format": _DAY})
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, 0, _WIDE)
        sheet.set_column(1, len(head) - 1, _NARROW + 4)
        for column, text in enumerate(head):
            sheet.write_string(0, column, guard(text), bold)
        for number, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if isinstance(cell, str):
                    sheet.write_string(number, column, guard(cell))
                elif isinstance(cell, int):
                    sheet.write_number(number, column, cell)
                elif cell is not None:
                    sheet.write_datetime(number, column, cell, day)
        sheet.autofilter(0, 0, number, len(head) - 1)
    return number
