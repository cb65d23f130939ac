"""How whoever bears a token stands, as one text: what must still be so for an answer that is kept to be theirs."""

from collections.abc import Mapping
from functools import reduce
from typing import Any

from sqlalchemy import Select, String, bindparam, func, literal_column, or_, select, type_coerce

from portal.accounts.models import ApiToken, Facilitator, RefreshToken, User
from portal.accounts.queries.people import Person
from portal.pulses import COURSES, NAMES, PEOPLE, Pulse

# The pulses that kept answers follow from.
FOLLOWED = (COURSES, NAMES, PEOPLE)
_BLANK: Any = literal_column("' '")


def _joined(*facts: Any) -> Any:
    """Facts without blanks as one text; where one is missing there is no text at all."""
    texts: list[Any] = [type_coerce(fact, String) for fact in facts]
    return reduce(lambda text, fact: text.concat(_BLANK).concat(fact), texts)


def _pulse(subject: str) -> Any:
    return select(Pulse.value).where(Pulse.subject == literal_column(f"'{subject}'")).scalar_subquery()


_FACTS = (User.id, User.role, func.coalesce(Facilitator.id, literal_column("0")), User.session_epoch)
_STANDING = (
    select(_joined(*_FACTS, *map(_pulse, FOLLOWED)))
    .select_from(User)
    .outerjoin(Facilitator, Facilitator.user_id == User.id)
    .where(User.is_active, User.is_confirmed)
)
# As `find_bearer` and `find_token_bearer` have it.
OF_FAMILY: Select[Any] = _STANDING.join(RefreshToken, RefreshToken.user_id == User.id).where(
    RefreshToken.family == bindparam("key"),
    RefreshToken.used_at.is_(None),
    RefreshToken.revoked_at.is_(None),
    RefreshToken.expires_at > bindparam("now"),
    RefreshToken.epoch == User.session_epoch,
)
# None for a personal token whose use is to be noted.
OF_TOKEN: Select[Any] = _STANDING.join(ApiToken, ApiToken.user_id == User.id).where(
    ApiToken.token_hash == bindparam("key"),
    ApiToken.revoked_at.is_(None),
    or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > bindparam("now")),
    ApiToken.epoch == User.session_epoch,
    ApiToken.last_used_at > bindparam("noted"),
)


def standing_of(person: Person, pulses: Mapping[str, int]) -> str | None:
    """The text that these statements give for a person while the pulses are these; None without them."""
    if any(subject not in pulses for subject in FOLLOWED):
        return None
    facts = (person.id, person.role.value, person.facilitator_id or 0, person.session_epoch)
    return " ".join(map(str, (*facts, *(pulses[subject] for subject in FOLLOWED))))
