"""`ETag`: whether a program has already what there is, and whether what it read is still so when it writes."""

import hashlib
import hmac

from flask import current_app, request
from flask_babel import get_locale
from flask_login import current_user
from pydantic import BaseModel
from werkzeug.wrappers import Response

from portal import clock, pulses, scoping
from portal.errors import Conflict, lazy

# The longest that an answer may be kept in the process, in seconds.
_LASTS = 300
_LENGTH = 20
_NOT_MODIFIED = 304


def word_of_pulses(subjects: tuple[str, ...]) -> str | None:
    """A word that stays the same while nothing has changed of what the asker would get; None where nobody knows."""
    found = pulses.pulse_of(*subjects) if subjects else None
    if found is None:
        return None
    asker = (current_user.id, sorted(current_user.roles), scoping.present_scope())
    facts = (found, *asker, request.full_path, request.host_url, str(get_locale()))
    bucket = int(clock.now().timestamp()) // _LASTS
    # With the portal's key: how often something changes is nobody's business.
    made = hmac.new(str(current_app.config["SECRET_KEY"]).encode(), repr((*facts, bucket)).encode(), hashlib.sha256)
    return made.hexdigest()[:_LENGTH]


def not_modified(word: str | None) -> Response | None:
    """The short answer, when the asker has what this word stands for."""
    if word is None or not request.if_none_match.contains_weak(word):
        return None
    return Response(status=_NOT_MODIFIED, headers={"ETag": f'W/"{word}"'})


def with_tag(response: Response, word: str | None) -> Response:
    """Give an answer its tag: its version, if it has one, with a digest of what it says; 304 when the asker has it."""
    if word is not None and "ETag" not in response.headers:
        response.headers["ETag"] = f'W/"{word}"'
        return response
    digest = _digest(response.get_data())
    version = response.headers.get("ETag", "").strip('"')
    response.set_etag(f"{version}.{digest}" if version else digest)
    if not request.if_none_match.contains_weak(response.get_etag()[0] or ""):
        return response
    return Response(status=_NOT_MODIFIED, headers={"ETag": response.headers["ETag"]})


def version_seen(version: int | None, present: int) -> int:
    """The version that a change is about: as its body says, as `If-Match` says, else the present one.

    Raises Conflict when it is not the present one.
    """
    tags = {(tag or "").partition(".")[0] for tag in request.if_match.as_set(include_weak=True)}
    if not request.if_match.star_tag and tags and str(present) not in tags:
        _refuse_stale()
    if version is not None and version != present:
        _refuse_stale()
    return present


def tag_seen(present: BaseModel) -> None:
    """Raise Conflict when `If-Match` names something else than what stands there: for things without a version."""
    tags = request.if_match
    if tags and not tags.star_tag and not tags.contains_weak(_digest(present.model_dump_json().encode())):
        _refuse_stale()


def _digest(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:_LENGTH]


def _refuse_stale() -> None:
    message = lazy("Somebody else changed this meanwhile. Read it again, then repeat your change.")
    raise Conflict(message, "version")
