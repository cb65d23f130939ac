"""What is kept of the answers that were given: under all of a request that its answer follows from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.api.tickets import Ticket
from portal.pulses.stores import Store

# Nothing else of a request makes a difference to an answer of the API, but to its id.
_FACTS = (
    "PATH_INFO", "QUERY_STRING", "HTTP_AUTHORIZATION", "HTTP_IF_NONE_MATCH", "HTTP_ACCEPT_LANGUAGE",
    "HTTP_ACCEPT_ENCODING", "HTTP_ORIGIN", "HTTP_HOST", "wsgi.url_scheme", "SERVER_NAME", "SERVER_PORT", "SCRIPT_NAME",
    "HTTP_IF_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE", "HTTP_IF_RANGE", "HTTP_RANGE",
    "CONTENT_TYPE", "CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING",
)  # fmt: skip
_CONDITION = _FACTS.index("HTTP_IF_NONE_MATCH")
# What each answer has of its own.
_OWN = frozenset({"X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"})
_OK = 200
_GIVEN_AGAIN = {"200": _OK, "304": 304}
# How much of it a process keeps, in bytes, and what one answer takes beside its texts.
_ROOM, _AROUND = 8 * 1024 * 1024, 4096
# The application, and what it was asked.
Key = tuple[Any, tuple[str | None, ...]]


@dataclass(frozen=True, slots=True)
class Said:
    """What the application said to the server."""

    status: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class Answer:
    """An answer as it left the application, but for what each has of its own."""

    status: str
    code: int
    headers: list[tuple[str, str]]
    body: bytes
    ticket: Ticket
    settings: Any
    size: int


answers = Store(_ROOM, lambda answer: answer.size)


def key_of(app: Any, environ: Mapping[str, Any]) -> Key:
    """What an answer is kept under."""
    return app, tuple(map(environ.get, _FACTS))


def keep(key: Key, said: Said, ticket: Ticket, settings: Any) -> None:
    """Keep an answer that may be given again. Of those with a condition only the short ones: nobody asks so twice."""
    _app, facts = key
    code = _GIVEN_AGAIN.get(said.status[:3])
    if code is None or (code == _OK and facts[_CONDITION] is not None):
        return
    common = [(name, value) for name, value in said.headers if name not in _OWN]
    size = _AROUND + len(said.body) + len(ticket.standing) + len("".join(filter(None, facts)))
    answers.put(key, Answer(said.status, code, common, said.body, ticket, settings, size))
