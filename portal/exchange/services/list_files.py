"""A list as a workbook: what stands on the screen, row by row, never all of it in memory."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from portal.csv_files import Cell
from portal.formulas import guard

_DAY = "yyyy-mm-dd"
_NARROW, _WIDE = 12, 34


def write_workbook(path: Path, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a workbook with numbers and days as such, its head in sight; gives how many rows it has below the head."""
    import xlsxwriter  # takes long to import, and few requests need it

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
                elif isinstance(cell, int | float):
                    sheet.write_number(number, column, cell)
                elif cell is not None:
                    sheet.write_datetime(number, column, cell, day)
        sheet.autofilter(0, 0, number, len(head) - 1)
    return number
