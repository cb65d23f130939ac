"""What an operation of the API takes and gives, declared once: the reader, the writer and the documents follow it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, wraps
from typing import Any

from flask import request
from pydantic import BaseModel, TypeAdapter
from werkzeug.wrappers import Response

from portal import pulses
from portal.api.conditional import (
    Kept,
    keep_answer,
    not_modified,
    recall_answer,
    tag_of,
    until,
    weak_tag,
    word_of_pulses,
)
from portal.api.idempotency import answer_once
from portal.api.reading import read_body, read_query
from portal.api.schemas.common import Taken
from portal.api.tickets import offer_again
from portal.web.answers import Answer
from portal.web.bare import bare

_READS = frozenset({"GET", "HEAD"})
View = Callable[..., Any]
# The header of a thing without a version: what it says is its tag.
TAGGED = {"ETag": ""}


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

    def mark(view: View) -> View:
        @wraps(view)
        def read_and_write(**values: Any) -> Response:
            def give() -> Response:
                return _answer(declared, *_with_tag(*_write(view, declared, values)))

            method = bare(request).method
            if method == "POST" and keeps:
                return answer_once(give)
            return _read(declared, lambda: _write(view, declared, values)) if method in _READS else give()

        read_and_write.__operation__ = declared  # type: ignore[attr-defined]
        return read_and_write

    return mark


@cache
def _writer(answer: Any) -> TypeAdapter[Any]:
    """What writes such answers, made for the first of them: there are dozens of kinds, and a start needs none."""
    return TypeAdapter(answer)


def _write(view: View, declared: Operation, values: dict[str, Any]) -> Kept:
    """What a view gives, as text, and the headers of its own."""
    if declared.query is not None:
        values["query"] = read_query(declared.query)
    elif bare(request).environ.get("QUERY_STRING"):
        read_query(Taken)  # which knows no parameter at all
    if declared.body is not None:
        values["body"] = read_body(declared.body)
    given = view(**values)
    reply = given if isinstance(given, Reply) else Reply(given)
    text = b"" if declared.answer is None else _writer(declared.answer).dump_json(reply.content)
    return text, reply.headers


def _with_tag(text: bytes, headers: Mapping[str, str]) -> Kept:
    """What a write gives, with the tag that a GET gives of the same: whoever wrote need not read it again."""
    return text, {**headers, "ETag": tag_of(text, headers["ETag"])} if "ETag" in headers else headers


def _answer(declared: Operation, text: bytes, headers: Mapping[str, str]) -> Answer:
    return Answer(text, declared.status, list(headers.items()), content_type="application/json")


def _read(declared: Operation, write: Callable[[], Kept]) -> Answer:
    """An answer to a GET: the one that is kept while the pulses stay, and none where the asker has it already.

    Whatever is kept was asked for before, by the same address: what cannot be meant was refused then.
    """
    ends, word = until(), word_of_pulses(declared.subjects)
    given = _shown(declared, write, word)
    if word:
        offer_again(declared.subjects, ends)
    return given


def _shown(declared: Operation, write: Callable[[], Kept], word: str | None) -> Answer:
    if word and (short := not_modified(weak_tag(word), is_there=False)):
        return short
    text, headers = (word and recall_answer(word)) or _tagged(declared, write, word)
    return not_modified(headers["ETag"], is_there=True) or _answer(declared, text, headers)


def _tagged(declared: Operation, write: Callable[[], Kept], word: str | None) -> Kept:
    """What is given anew, with its tag; kept while a word stands for it."""
    text, headers = write()
    version = headers.get("ETag", "")
    tag = weak_tag(word) if word and not version else tag_of(text, version)
    found = text, {**headers, "ETag": tag}
    # Whoever has written meanwhile goes by no pulse any more.
    if word and pulses.pulse_of(*declared.subjects):
        keep_answer(word, found)
    return found


def declared_operation(view: View) -> Operation | None:
    """What a view declared; None when it declared nothing."""
    return getattr(view, "__operation__", None)
