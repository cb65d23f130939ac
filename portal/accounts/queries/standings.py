"""How whoever bears a token stands, as one text: what must still be so for an answer that is kept to be theirs."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, String, bindparam, func, literal_column, or_, select, type_coerce

from portal.accounts.models import ApiToken, Facilitator, RefreshToken, User
from portal.accounts.queries.people import Person
from portal.pulses import PULSES_NOW, read_word

# How many of them stand before the pulses, whose names have blanks.
_FACTS = 4
_BLANK: Any = literal_column("' '")


def _text(column: Any) -> Any:
    return type_coerce(column, String)


# Facts without blanks: the one text says of each what it is.
_STANDING = (
    select(
        _text(User.id).concat(_BLANK).concat(_text(User.role)).concat(_BLANK)
        .concat(_text(func.coalesce(Facilitator.id, literal_column("0")))).concat(_BLANK)
        .concat(_text(User.session_epoch)).concat(_BLANK).concat(PULSES_NOW)
    )
    .select_from(User)
    .outerjoin(Facilitator, Facilitator.user_id == User.id)
    .where(User.is_active, User.is_confirmed)
)  # fmt: skip
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


def standing_of(person: Person, word: str) -> str:
    """The text that these statements give for a person while the pulses are these."""
    return f"{person.id} {person.role.value} {person.facilitator_id or 0} {person.session_epoch} {word}"


def taken_apart(standing: str) -> tuple[list[str], Mapping[str, int]]:
    """The person and the pulses that a text speaks of."""
    *person, word = standing.split(" ", _FACTS)
    return person, read_word(word)
