"""What the office says of people who teach and who study, beside their accounts."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Facilitator, Student
from portal.audit.services import Actor, record
from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db


def hold_facilitator(facilitator_id: int) -> None:
    """Have whoever changes the same one wait until the transaction ends, so that what was read of them still stands.

    Whoever only refers to them, as new weeks do, waits and is waited for only where the database cannot tell the two.
    """
    _hold(Facilitator, facilitator_id)


def hold_student(student_id: int) -> None:
    """The same for somebody who studies."""
    _hold(Student, student_id)


def _hold(model: Any, row_id: int) -> None:
    db.session.execute(select(model.id).where(model.id == row_id).with_for_update(key_share=True))


def change_facilitator(facilitator_id: int, values: Mapping[str, Any], by: Actor) -> bool:
    """Other values of `department` and `specialization`; False when they stood so already. Raises NotFound."""
    return _change(Facilitator, facilitator_id, values, by)


def change_student(student_id: int, values: Mapping[str, Any], by: Actor) -> bool:
    """Other values of `cohort_id` and `status`; False when they stood so already.

    Raises NotFound, and DomainError on "cohort_id" for a cohort that is not there, or not any more.
    """
    with referring("cohort_id"):
        return _change(Student, student_id, values, by)


@contextmanager
def referring(field: str, words: object = lazy("There is no such entry. Choose one from the list.")) -> Iterator[None]:
    """Changes that refer to a row of another table.

    When it is not there, or not any more, DomainError on the field in these words, and nothing of them holds.
    """
    try:
        with db.session.begin_nested():
            yield
    except IntegrityError as error:
        raise DomainError(words, field) from error


def _change(model: Any, row_id: int, values: Mapping[str, Any], by: Actor) -> bool:
    wanted = select(model).where(model.id == row_id).with_for_update(key_share=True)
    profile = db.session.scalar(wanted.execution_options(populate_existing=True))
    if profile is None:
        raise NotFound(lazy("There is no such person."))
    changed = {name: (getattr(profile, name), value) for name, value in values.items()
               if getattr(profile, name) != value}  # fmt: skip
    for name, (_before, after) in changed.items():
        setattr(profile, name, after)
    if changed:
        db.session.flush()
        record(by, "update", model.__tablename__, row_id, **changed)
    return bool(changed)
