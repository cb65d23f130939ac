"""What an operation of the API takes and gives, declared once: the reader, the writer and the documents follow it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from pydantic import BaseModel, TypeAdapter
from werkzeug.wrappers import Response

from portal.api.reading import read_body, read_query

View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation is for, the models of its body, of its query and of its answer, and the answer's status."""

    summary: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: Any
    status: int


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with headers of its own."""

    content: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def operation(
    summary: str,
    *,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    answer: Any = None,
    status: int = 200,
) -> Callable[[View], View]:
    """Hand a view its `body` and `query` as models, and send what it gives back as JSON.

    `answer` is a model, a list of one, or None for an answer without a body (204). Stands right above the view.
    """
    writer = TypeAdapter(answer) if answer is not None else None

    def mark(view: View) -> View:
        @wraps(view)
        def read_and_write(**values: Any) -> Response:
            if query is not None:
                values["query"] = read_query(query)
            if body is not None:
                values["body"] = read_body(body)
            given = view(**values)
            if isinstance(given, Response):
                return given
            reply = given if isinstance(given, Reply) else Reply(given)
            text = writer.dump_json(reply.content) if writer else b""
            return Response(text, status, dict(reply.headers), mimetype="application/json")

        read_and_write.__operation__ = Operation(summary, body, query, answer, status)  # type: ignore[attr-defined]
        return read_and_write

    return mark


def declared_operation(view: View) -> Operation | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "__operation__", None)
