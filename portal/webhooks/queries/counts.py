"""How many took part in reflections: sums of whole days, never who, what or when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select

from portal.bulk import in_chunks
from portal.extensions import db
from portal.reflections.models import ReflectionParticipation, ReflectionRound
from portal.webhooks.models import WebhookMessage

# What no job told of for so long is not told of any more.
_BACK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Counted:
    """A reflection on a course: how many had taken part at the end of a day."""

    round_id: int
    offering_id: int
    responses: int
    on: date


@dataclass(frozen=True, slots=True)
class Released:
    """A reflection whose results are out: of how many responses they are made, none where there were too few."""

    round_id: int
    offering_id: int
    invited: int | None
    responses: int | None
    shown: int | None
    on: date


def list_counted(today: date) -> Sequence[Counted]:
    """Reflections of which more took part lately, as of the last day that is over on which somebody did."""
    part, latest = ReflectionParticipation, func.max(ReflectionParticipation.on_day)
    wanted = (
        select(part.round_id, ReflectionRound.offering_id, func.count(), latest)
        .join(ReflectionRound, ReflectionRound.id == part.round_id)
        .where(part.on_day < today, ReflectionRound.closes_on >= today - 2 * _BACK)
        .group_by(part.round_id, ReflectionRound.offering_id)
        .having(latest >= today - _BACK)
        .order_by(part.round_id)
    )
    rows: Any = db.session.execute(wanted)
    return [Counted(*row) for row in rows]


def list_released(today: date) -> Sequence[Released]:
    """Reflections whose results came out lately."""
    of = ReflectionRound
    wanted = select(of.id, of.offering_id, of.invited, of.responded, of.shown_count, of.released_on)
    rows: Any = db.session.execute(wanted.where(of.released_on >= today - _BACK).order_by(of.id))
    return [Released(*row) for row in rows]


def list_told(keys: Sequence[str]) -> set[str]:
    """Those of these facts that were written down already."""
    found: set[str] = set()
    for part in in_chunks(keys):
        found.update(filter(None, db.session.scalars(select(WebhookMessage.once).where(WebhookMessage.once.in_(part)))))
    return found
