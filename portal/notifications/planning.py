"""Which of the claimed messages go now, and which wait for the morning or become part of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal import clock
from portal.config import Settings
from portal.database import only_reading
from portal.extensions import db
from portal.notifications import services
from portal.notifications.groups import optional_groups
from portal.notifications.hours import Quiet, allowed_at
from portal.notifications.models import Channel
from portal.notifications.queries.standing import Standing, find_standings
from portal.notifications.services import Claim

# When another worker is sending somebody a mail, theirs of today will have gone by then, or not.
_SOON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Planned:
    """A message that goes now, and what is known of its recipient."""

    claim: Claim
    standing: Standing = field(default_factory=Standing)


def plan(claims: Sequence[Claim], settings: Settings) -> Sequence[Planned]:
    """Those of the claimed messages that go now. The others are put back, or merged with one to the same person.

    Letters always go. Each step is committed.
    """
    mails = {claim.id: claim for claim in claims if claim.channel == Channel.MAIL}
    if not mails:
        return [Planned(claim) for claim in claims]
    now = clock.now()
    with only_reading():
        recipients = {claim.id: claim.recipient_id for claim in mails.values()}
        standings = find_standings(recipients, sorted(optional_groups()), now)
        db.session.rollback()
    going = [Planned(claim) for claim in claims if claim.id not in mails]
    going += _plan_mails(list(mails.values()), standings, settings, now)
    db.session.commit()
    return going


def _plan_mails(
    claims: Sequence[Claim], standings: Mapping[int, Standing], settings: Settings, now: datetime
) -> Sequence[Planned]:
    going: dict[int, Planned] = {}
    for claim in claims:
        standing = standings[claim.recipient_id]
        until = _may_go_at(claim, standing, settings, now)
        if claim.recipient_id in going:
            services.merge(claim, going[claim.recipient_id].claim)
        elif until > now:
            services.defer(claim, until)
        else:
            going[claim.recipient_id] = Planned(claim, standing)
    return list(going.values())


def _may_go_at(claim: Claim, standing: Standing, settings: Settings, now: datetime) -> datetime:
    if standing.is_served:
        return now + _SOON
    quiet = Quiet(*standing.quiet) if standing.quiet else Quiet.of(settings.portal_quiet_hours)
    return allowed_at(now, clock.zone_named(claim.time_zone) or settings.zone, quiet, standing.last_at)
