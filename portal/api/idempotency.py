"""`Idempotency-Key`: a request that is sent again is not done again (draft-ietf-httpapi-idempotency-key-header)."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.wrappers import Response

from portal.api.errors import refuse
from portal.api.services.kept_answers import Answer, Claim, OtherRequest, claim_key, keep_answer, release_key
from portal.errors import Conflict, lazy
from portal.extensions import db

KEY_PATTERN = "^[!-~]{1,200}$"
_KEY = re.compile(KEY_PATTERN)
_NAME = "Idempotency-Key"
# What an answer says that is not about this moment.
_KEPT = ("Location", "ETag", "Content-Type")
_TOO_MANY = 300


def answer_once(give: Callable[[], Response]) -> Response:
    """The answer to a POST: with a key that was sent before, the one that was given then, marked as replayed."""
    key = request.headers.get(_NAME)
    if key is None or not current_user.is_authenticated or request.path.startswith("/api/auth/"):
        return give()
    if not _KEY.fullmatch(key):
        refuse(400, _("The Idempotency-Key must be 1 to 200 visible ASCII characters."), field=_NAME)
    try:
        claimed = claim_key(current_user.id, hashlib.sha256(key.encode()).hexdigest(), _fingerprint())
    except OtherRequest as error:
        refuse(422, str(error), field=_NAME)
    db.session.commit()
    if isinstance(claimed, Answer):
        return Response(claimed.body, claimed.status, claimed.headers | {"Idempotent-Replayed": "true"})
    try:
        return _give_and_keep(give, claimed)
    except BaseException:
        db.session.rollback()
        release_key(claimed)
        db.session.commit()
        raise


def _give_and_keep(give: Callable[[], Response], claim: Claim) -> Response:
    with _one_transaction():
        response = give()
        if response.status_code < _TOO_MANY:
            headers = {name: response.headers[name] for name in _KEPT if name in response.headers}
            if not keep_answer(claim, Answer(response.status_code, headers, _without_secret(response))):
                raise Conflict(lazy("This took too long, and nothing of it was kept. Send it again."))
    db.session.commit()
    if response.status_code >= _TOO_MANY:
        release_key(claim)
        db.session.commit()
    return response


def _without_secret(response: Response) -> str:
    """What is kept of an answer: a secret that is shown once stands nowhere in clear, so it is not given again."""
    text = response.get_data(as_text=True)
    if not response.cache_control.no_store or '"secret"' not in text:
        return text
    return json.dumps({**json.loads(text), "secret": None}, separators=(",", ":"), ensure_ascii=False)


@contextmanager
def _one_transaction() -> Iterator[None]:
    """What commits within only flushes: the answer that is kept belongs in the same transaction."""
    session = db.session()
    session.commit = session.flush  # type: ignore[method-assign]
    try:
        yield
    finally:
        del session.commit


def _fingerprint() -> str:
    whole = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    whole.update(request.get_data())
    return whole.hexdigest()
