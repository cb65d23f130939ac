"""Rules and writes of notifications and their deliveries."""

from portal.notifications.services.outbox import (
    LEASE,
    MAX_ATTEMPTS,
    Claim,
    claim_deliveries,
    defer,
    give_up,
    mark_failed,
    mark_sent,
    mark_suppressed,
    merge,
    release,
)
from portal.notifications.services.telling import Fact, mark_read, notify_many

__all__ = [
    "LEASE",
    "MAX_ATTEMPTS",
    "Claim",
    "Fact",
    "claim_deliveries",
    "defer",
    "give_up",
    "mark_failed",
    "mark_read",
    "mark_sent",
    "mark_suppressed",
    "merge",
    "notify_many",
    "release",
]
