"""From what was typed or chosen to one facilitator, and back to a question when that is not clear."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from flask_babel import gettext as _

from portal.allocations import queries
from portal.allocations.forms.listing import AssignForm
from portal.allocations.queries import Candidate, OfferingRow
from portal.allocations.services import OverLimit
from portal.errors import Conflict, DomainError
from portal.folding import fold


@dataclass(frozen=True, slots=True)
class Question:
    """What the form that allocates a course shows besides the course.

    `text` is what stands in its field, `error` why it was not kept, `needs_reason` that it is over the limit,
    `is_stale` that someone else was faster, `people` who may have been meant.
    """

    text: str = ""
    error: str = ""
    needs_reason: bool = False
    is_stale: bool = False
    people: Sequence[Candidate] = field(default_factory=tuple)
    reason: str = ""


class Ambiguous(DomainError):
    """Several people match what was typed; `people` are the candidates."""

    def __init__(self, text: str, people: Sequence[Candidate]) -> None:
        super().__init__(_("Several people match “%(text)s”. Choose one.", text=text), "facilitator")
        self.people = people


def person_meant(offering: OfferingRow, form: AssignForm) -> int | None:
    """The id of who shall teach; None to take them away. Raises DomainError on "facilitator" when that is not clear."""
    if form.removes:
        return None
    if form.facilitator_id is not None:
        return form.facilitator_id
    if not form.text:
        raise DomainError(_("Type a name or an employee ID."), "facilitator")
    people = queries.list_candidates(offering, form.text)
    exact = [person for person in people if fold(form.text) in {fold(person.name), fold(person.employee_id)}]
    if not people:
        raise DomainError(_("Nobody matches “%(text)s”.", text=form.text), "facilitator")
    if len(people) > 1 and len(exact) != 1:
        raise Ambiguous(form.text, people)
    return (exact if len(exact) == 1 else people)[0].id


def question_of(offering: OfferingRow, form: AssignForm, error: DomainError) -> Question:
    """What to ask after a refusal; the choice itself is kept."""
    text = form.text
    if form.facilitator_id is not None:
        person = queries.find_candidate(offering, form.facilitator_id)
        text = person.key if person else text
    return Question(
        text=text,
        error=str(error),
        needs_reason=isinstance(error, OverLimit),
        is_stale=isinstance(error, Conflict),
        people=error.people if isinstance(error, Ambiguous) else (),
        reason=form.reason,
    )
