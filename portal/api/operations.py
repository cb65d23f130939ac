"""What an operation of the API takes and gives, declared once: the reader, the writer and the documents follow it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

from flask import request
from pydantic import BaseModel, TypeAdapter
from werkzeug.wrappers import Response

from portal import pulses
from portal.api.conditional import (
    keep_answer,
    not_modified,
    recall_answer,
    shortened,
    tagged,
    until,
    word_of_pulses,
)
from portal.api.idempotency import answer_once
from portal.api.reading import read_body, read_query
from portal.api.tickets import offer_again

_READS = frozenset({"GET", "HEAD"})
View = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """What an operation is for, the models of its body, of its query and of its answer, and the answer's status."""

    summary: str
    body: type[BaseModel] | None
    query: type[BaseModel] | None
    answer: Any
    status: int
    errors: tuple[int, ...] = ()
    subjects: tuple[str, ...] = ()


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
    errors: tuple[int, ...] = (),
    subjects: tuple[str, ...] = (),
    keeps: bool = True,
) -> Callable[[View], View]:
    """Hand a view its `body` and `query` as models, and send what it gives back as JSON.

    `answer` is a model, a list of one, or None for an answer without a body (204). `errors` are statuses beyond those
    that follow from who may ask and what is sent (see document/errors.py). `subjects` are the pulses that say whether
    the answer to a GET is still the same (see conditional.py). Without `keeps` a POST with an `Idempotency-Key` leaves
    nothing behind here: the view itself does it once. Stands right above the view.
    """
    declared = Operation(summary, body, query, answer, status, errors, subjects)
    writer = TypeAdapter(answer) if answer is not None else None

    def mark(view: View) -> View:
        @wraps(view)
        def read_and_write(**values: Any) -> Response:
            def give() -> Response:
                return _give(view, declared, writer, values)

            method = request.method
            if method == "POST" and keeps:
                return answer_once(give)
            return _read(declared, give) if method in _READS else give()

        read_and_write.__operation__ = declared  # type: ignore[attr-defined]
        return read_and_write

    return mark


def _give(view: View, declared: Operation, writer: TypeAdapter[Any] | None, values: dict[str, Any]) -> Response:
    if declared.query is not None:
        values["query"] = read_query(declared.query)
    if declared.body is not None:
        values["body"] = read_body(declared.body)
    given = view(**values)
    if isinstance(given, Response):
        return given
    reply = given if isinstance(given, Reply) else Reply(given)
    text = writer.dump_json(reply.content) if writer else b""
    return Response(text, declared.status, dict(reply.headers), mimetype="application/json")


def _read(declared: Operation, give: Callable[[], Response]) -> Response:
    """An answer to a GET: the one that is kept while the pulses stay, and none where the asker has it already.

    Whatever is kept was asked for before, by the same address: what cannot be meant was refused then.
    """
    ends, word = until(), word_of_pulses(declared.subjects)
    given = _shown(declared, give, word)
    if word:
        offer_again(declared.subjects, ends)
    return given


def _shown(declared: Operation, give: Callable[[], Response], word: str | None) -> Response:
    if short := not_modified(word):
        return short
    found = recall_answer(word) if word else None
    if found is not None:
        text, headers = found
        return shortened(Response(text, declared.status, headers, mimetype="application/json"))
    given = tagged(give(), word)
    # Whoever has written meanwhile goes by no pulse any more.
    if word and given.status_code == declared.status and pulses.pulse_of(*declared.subjects):
        keep_answer(word, given.get_data(), dict(given.headers))
    return shortened(given)


def declared_operation(view: View) -> Operation | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "__operation__", None)
