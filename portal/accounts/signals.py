"""What accounts announce to the packages above, which make messages of it in the same transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blinker import signal

# Sent with `letters`: links that must reach people. The token itself is made when the mail is written.
letters_due = signal("accounts-letters-due")
# Sent with `notices`: what people should know about their accounts.
notices_due = signal("accounts-notices-due")
# Sent with `former`, when an account is deleted: whoever keeps something of the person forgets it.
person_left = signal("accounts-person-left")
# Sent with `user_ids`, before accounts that nobody confirmed are deleted: whoever answers names those that are in use.
still_needed = signal("accounts-still-needed")


@dataclass(frozen=True, slots=True)
class Letter:
    """A one-time link for a person: its purpose and the id of its row in `one_time_tokens`."""

    user_id: int
    purpose: str
    token_id: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A fact about an account; `key` (at most 100 characters) is the same whenever the fact is."""

    user_id: int
    kind: str
    params: Mapping[str, Any]
    key: str


@dataclass(frozen=True, slots=True)
class Former:
    """Someone whose account is being deleted: the numbers that they had, and the one that stands for them now."""

    user_id: int
    number: str
    student_number: str | None
    employee_id: str | None


def send_letters(letters: Sequence[Letter]) -> None:
    """Have links sent once the present transaction is committed."""
    letters_due.send(None, letters=letters)


def tell(notices: Sequence[Notice]) -> None:
    """Have people told once the present transaction is committed."""
    notices_due.send(None, notices=notices)


def find_needed(user_ids: Sequence[int]) -> set[int]:
    """Which of these accounts something above refers to."""
    answers = still_needed.send(None, user_ids=user_ids)
    return {user_id for _receiver, needed in answers for user_id in needed}
