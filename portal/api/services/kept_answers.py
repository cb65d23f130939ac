"""Keeping the first answer to a request, so that one which is sent again is not done again.

A row claims the key first, in a transaction of its own, so that another request with it is turned away at once. The
answer is written in the transaction of what the request does: either both are there or neither.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.api.models import KeptAnswer
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, lazy
from portal.extensions import db

LASTS = timedelta(hours=24)
# No request takes that long; one that did not end in it was killed before it committed.
LEASE = timedelta(seconds=60)


class OtherRequest(DomainError):
    """A key was used for another request before."""

    status = 422


@dataclass(frozen=True, slots=True)
class Claim:
    """A key of a person that is ours while we answer; `token` tells our claim from an earlier one's."""

    user_id: int
    key_hash: str
    token: str


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it was given."""

    status: int
    headers: dict[str, str]
    body: str


def claim_key(user_id: int, key_hash: str, fingerprint: str) -> Claim | Answer:
    """A claim, to be given to `keep_answer` or `release_key`, or the answer that was given already. Commit then.

    Raises OtherRequest when the key belongs to another request, Conflict while the first one is being answered.
    """
    now, claim = clock.now(), Claim(user_id, key_hash, str(uuid4()))
    fresh = {"fingerprint": fingerprint, "claim": claim.token, "claimed_until": now + LEASE, "expires_at": now + LASTS}
    db.session.execute(delete(KeptAnswer).where(KeptAnswer.expires_at <= now).execution_options(**IN_PLACE))
    try:
        with db.session.begin_nested():
            db.session.add(KeptAnswer(user_id=user_id, key_hash=key_hash, **fresh))
    except IntegrityError:
        return _claim_known(claim, fresh)
    return claim


def _claim_known(claim: Claim, fresh: dict[str, Any]) -> Claim | Answer:
    same = (KeptAnswer.user_id == claim.user_id, KeptAnswer.key_hash == claim.key_hash)
    kept = db.session.scalar(select(KeptAnswer).where(*same).execution_options(populate_existing=True))
    if kept is not None and kept.fingerprint != fresh["fingerprint"]:
        raise OtherRequest(lazy("This Idempotency-Key was used for another request."), "Idempotency-Key")
    if kept is not None and kept.status is not None:
        return Answer(kept.status, dict(kept.headers or {}), kept.body or "")
    # Of several that come again at one moment each would wait for the others, had they to write to find out.
    if (kept is None or kept.claimed_until > clock.now()) or not _take_over(same, fresh):
        message = lazy("The first request with this Idempotency-Key is being answered. Ask again in a moment.")
        raise Conflict(message, "Idempotency-Key")
    return claim


def _take_over(same: Sequence[ColumnElement[bool]], fresh: dict[str, Any]) -> bool:
    over = update(KeptAnswer).where(*same, KeptAnswer.status.is_(None), KeptAnswer.claimed_until <= clock.now())
    taken = db.write(over.values(**fresh).execution_options(**IN_PLACE))
    return bool(taken)


def keep_answer(claim: Claim, answer: Answer) -> bool:
    """Keep an answer in the transaction that it tells of; False when the claim was lost to another request."""
    kept = (
        update(KeptAnswer)
        .where(*_ours(claim))
        .values(status=answer.status, headers=answer.headers, body=answer.body)
        .execution_options(**IN_PLACE)
    )
    return bool(db.write(kept))


def forget_answers(user_id: int) -> None:
    """What was answered to somebody who leaves."""
    db.session.execute(delete(KeptAnswer).where(KeptAnswer.user_id == user_id), execution_options=IN_PLACE)


def release_key(claim: Claim) -> None:
    """Forget a claim whose request did nothing: it may be sent again."""
    db.session.execute(delete(KeptAnswer).where(*_ours(claim)).execution_options(**IN_PLACE))


def _ours(claim: Claim) -> tuple[ColumnElement[bool], ...]:
    """The row of a claim, found by its key: a search for the token alone would look at the answers of a whole day."""
    own = (KeptAnswer.user_id == claim.user_id, KeptAnswer.key_hash == claim.key_hash)
    return (*own, KeptAnswer.claim == claim.token, KeptAnswer.status.is_(None))
