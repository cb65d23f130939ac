"""`ETag`: whether a program has already what there is, and whether what it read is still so when it writes."""

import hashlib
from collections.abc import Mapping
from functools import lru_cache

from flask import current_app, request
from flask_babel import gettext as _
from pydantic import BaseModel

from portal import clock, pulses, scoping
from portal.api.errors import refuse
from portal.errors import Conflict, lazy
from portal.pulses.stores import Store
from portal.web.access import person_now
from portal.web.answers import Answer
from portal.web.bare import bare
from portal.web.locale import chosen_language

# The longest that an answer may be kept in the process, in seconds.
_LASTS = 300
_LENGTH = 20
_NOT_MODIFIED = 304
# How much of what was answered a process keeps, in bytes, and what one answer takes beside its text.
_ROOM, _AROUND = 8 * 1024 * 1024, 1024
_answers = Store(_ROOM, lambda answer: len(answer[0]) + _AROUND)
# The text of an answer and the headers of its own, its tag among them.
Kept = tuple[bytes, Mapping[str, str]]


def word_of_pulses(subjects: tuple[str, ...]) -> str | None:
    """A word that stays the same while nothing has changed of what the asker would get; None where nobody knows."""
    found = pulses.pulse_of(*subjects) if subjects else None
    if found is None:
        return None
    asked, person = bare(request), person_now()
    around = asked.environ
    address = (around["wsgi.url_scheme"], asked.host, around["SCRIPT_NAME"], asked.path, asked.query_string)
    facts = (found, person.id, sorted(person.roles), scoping.present_scope(), *address, chosen_language())
    key = _key_of(str(bare(current_app).config["SECRET_KEY"]))
    return hashlib.blake2b(repr((*facts, _bucket())).encode(), digest_size=_LENGTH // 2, key=key).hexdigest()


@lru_cache(maxsize=2)
def _key_of(secret: str) -> bytes:
    """The portal's key: how often something changes is nobody's business, and nobody makes up a word."""
    return hashlib.sha256(secret.encode()).digest()


def until() -> float:
    """The moment from which such words differ, whatever changes."""
    return float((_bucket() + 1) * _LASTS)


def _bucket() -> int:
    return int(clock.now().timestamp()) // _LASTS


def recall_answer(word: str) -> Kept | None:
    """The answer that this process keeps under a word."""
    found: Kept | None = _answers.get(word)
    return found


def keep_answer(word: str, answer: Kept) -> None:
    """Keep an answer until it is pushed out; nobody asks by its word any more once it is old."""
    _answers.put(word, answer)


def not_modified(tag: str, *, is_there: bool) -> Answer | None:
    """The short answer, when the asker has what has this tag; None where there is more to say.

    Whoever has anything (`*`) has it as well, if it `is_there` for sure.
    """
    if "HTTP_IF_NONE_MATCH" not in bare(request).environ:
        return None
    asked = bare(request).if_none_match
    if (asked.star_tag and not is_there) or not asked.contains_weak(tag.removeprefix("W/").strip('"')):
        return None
    return Answer(status=_NOT_MODIFIED, headers=[("ETag", tag)], content_type="application/json")


def weak_tag(word: str) -> str:
    """The tag of what a word stands for."""
    return f'W/"{word}"'


def tag_of(text: bytes, version: str) -> str:
    """The tag of an answer: its version as a tag, if it has one, with a digest of what it says."""
    bare_version = version.strip('"')
    return f'"{bare_version}.{_digest(text)}"' if bare_version else f'"{_digest(text)}"'


def version_seen(version: int | None, present: int) -> int:
    """The version that a change is about: as its body says, as `If-Match` says, else the present one.

    Raises Conflict when it is not the present one.
    """
    if not names_version(present):
        _refuse_stale()
    if version is not None and version != present:
        _refuse_stale()
    return present


def names_version(present: int) -> bool:
    """Whether `If-Match` names this version, or there is none."""
    tags = _tags_seen()
    return tags is None or str(present) in {tag.partition(".")[0] for tag in tags}


def tag_seen(present: BaseModel) -> None:
    """Raise Conflict when `If-Match` names something else than what stands there: for things without a version."""
    tags = _tags_seen()
    if tags is not None and _digest(present.model_dump_json().encode()) not in tags:
        _refuse_stale()


def _tags_seen() -> set[str] | None:
    """The tags that `If-Match` names; None where whatever is there is meant. Ends with 400 when it names nothing."""
    if "HTTP_IF_MATCH" not in bare(request).environ or request.if_match.star_tag:
        return None
    # An empty tag is read as None. Whoever compresses an answer says so behind its tag: `"3.1f0c:gzip"`.
    tags = {(tag or "").partition(":")[0] for tag in request.if_match.as_set(include_weak=True)}
    if not tags:
        refuse(400, _("If-Match must be an ETag as it was answered, with its quotes."), field="If-Match")
    return tags


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:_LENGTH]


def _refuse_stale() -> None:
    message = lazy("Somebody else changed this meanwhile. Read it again, then repeat your change.")
    raise Conflict(message, "version")
