"""A table as a workbook."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from flask import Response, send_file

from portal.csv_files import Cell
from portal.exchange.services.list_files import write_workbook

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A workbook of this name, which is written to the disk first: it is complete or not sent."""
    # It is gone as soon as it is closed, which the server does when it has been sent.
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115 (closed by the server)
    try:
        write_workbook(Path(file.name), head, rows)
        answer = send_file(file, mimetype=_XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    except BaseException:
        file.close()
        raise
    answer.headers["Cache-Control"] = "no-store"
    return answer
