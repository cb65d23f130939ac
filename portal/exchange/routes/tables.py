"""A table as an answer: a CSV file that is sent as it is read, or a workbook."""

import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from flask import Response, send_file, stream_with_context

from portal.csv_files import Cell, csv_parts
from portal.exchange.services.list_files import write_workbook
from portal.scoping import held

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A CSV file of this name, sent as its rows come."""
    answer = Response(stream_with_context(csv_parts(head, held(rows))), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def workbook_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A workbook of this name, which is written to the disk first: it is complete or not sent."""
    # It is gone as soon as it is closed, which the server does when it has been sent.
    file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115
    try:
        write_workbook(Path(file.name), head, rows)
        answer = send_file(file, mimetype=_XLSX, as_attachment=True, download_name=f"{name}.xlsx")
    except BaseException:
        file.close()
        raise
    answer.headers["Cache-Control"] = "no-store"
    return answer
