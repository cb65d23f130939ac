"""Tables as files."""

from collections.abc import Iterable, Sequence

from flask import Response, stream_with_context

from portal.csv_files import Cell, csv_parts
from portal.scoping import held


def csv_answer(name: str, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """A CSV file of this name, sent as its rows come."""
    answer = Response(stream_with_context(csv_parts(head, held(rows))), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    answer.headers["Cache-Control"] = "no-store"
    return answer
