"""What is said of an answer that whoever stands before the application may give again: whose it is, and how long.

Only of answers that follow from the pulses, the asker's standing and the request's own address and headers. What
follows from the departments that a manager answers for is given anew each time: no pulse says when these change.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request

from portal import pulses, scoping
from portal.accounts.queries.standings import FOLLOWED, standing_of
from portal.api.bearer import borne_token, present_family
from portal.api.limits import Counted, counted_now
from portal.roles import Role
from portal.web.access import person_now
from portal.web.bare import bare
from portal.web.requests import path_for_log

# Where in the environ of a request.
TICKET = "portal.ticket"
_FOLLOWED = frozenset(FOLLOWED)


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose answer it is, by which token and of which family of tokens; how they stand; until when."""

    token: str
    family: str | None
    user_id: int
    standing: str
    until: float
    # What is counted against, each with the words it is counted under.
    limits: Sequence[Counted]
    route: str
    path: str


def offer_again(subjects: tuple[str, ...], until: float) -> None:
    """Say so of the present answer, if it may be."""
    asked, person = bare(request), person_now()
    standing, token = standing_of(person, pulses.present_pulses()), borne_token()
    by_department = person.role is Role.MANAGER and scoping.is_by_department()
    if standing is None or token is None or not _FOLLOWED.issuperset(subjects):
        return
    if by_department or scoping.present_scope() is not None:
        return
    asked.environ[TICKET] = Ticket(
        token, present_family(), person.id, standing, until,
        counted_now(), asked.url_rule.rule if asked.url_rule else "", path_for_log(),
    )  # fmt: skip
