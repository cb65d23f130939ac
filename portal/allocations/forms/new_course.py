"""A course that is made: its own fields, when it meets, and who teaches it."""

from collections.abc import Sequence
from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField, StringField, TimeField
from wtforms.validators import Length, Optional

from portal.allocations.forms.course import CourseForm
from portal.allocations.forms.listing import AssignForm, clean
from portal.allocations.forms.meeting import weekday_choices
from portal.allocations.queries import Candidate
from portal.allocations.queries.candidates import ComingCourse
from portal.allocations.queries.references import find_reference
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.meetings import MAX_ROOM, MeetingDraft
from portal.catalogue.calendar import trimester_of
from portal.folding import one_line, whole_number

# What the type-ahead of the facilitator must know of the course that is to come, by the names of the form.
TOLD = (
    "module", "academic_year", "trimester", "start_date", "end_date", "weekday", "starts_at", "ends_at", "copy",
    "with_meetings",
)  # fmt: skip
# What a rule is about, where the form calls it otherwise.
_OWN = {"facilitator": "facilitator_text", "version": "facilitator_text"}
_THERE = frozenset({"reason", "weekday", "starts_at", "ends_at", "room"})


class NewCourseForm(CourseForm):
    """A staff-led course with the person who teaches it and one weekly meeting, if these are known already.

    `copy` is the course that it is made after, `with_meetings` whether it meets as that one does, `with_lessons`
    whether its lessons come along. `people` are those who may have been meant.
    """

    copy = HiddenField()
    with_meetings = BooleanField()
    with_lessons = BooleanField(_l("Its lessons come along, as drafts"))
    weekday = SelectField(_l("Day"), default="1")
    starts_at = TimeField(_l("Begins at"), [Optional()])
    ends_at = TimeField(_l("Ends at"), [Optional()])
    room = StringField(_l("Room"), [Length(max=MAX_ROOM)])
    facilitator_text = StringField(_l("Facilitator"), [Length(max=200)])
    facilitator = HiddenField()
    # One of those who may have been meant.
    person = HiddenField()
    reason = StringField(_l("Reason"), [Length(max=MAX_REASON)])
    people: tuple[Candidate, ...] = ()

    def offer(self, modes: Sequence[str], present: str = "") -> None:
        """Fill in what can be chosen."""
        super().offer(modes, present)
        self.weekday.choices = weekday_choices()

    def meeting(self) -> MeetingDraft | None:
        """The weekly meeting that is asked for; None without one, or when half of it is missing, which is then said."""
        begins, ends = self.starts_at.data, self.ends_at.data
        if begins is None and ends is None and not one_line(self.room.data):
            return None
        if begins is None or ends is None:
            self.put_error("starts_at" if begins is None else "ends_at", _("Enter a time."))
            return None
        return MeetingDraft(int(self.weekday.data), begins, ends, one_line(self.room.data))

    def assignment(self) -> AssignForm | None:
        """Who shall teach it, as the form has it; None when that is left open."""
        chosen = AssignForm.from_form({
            "version": "1",
            "facilitator": self.facilitator.data or self.person.data or "",
            "facilitator_text": self.facilitator_text.data or "",
            "reason": self.reason.data or "",
        })  # fmt: skip
        return chosen if chosen.facilitator_id is not None or chosen.text else None

    def coming(self) -> ComingCourse:
        """The course as far as it is known while somebody types."""
        start: date | None = self.start_date.data
        year = self.academic_year.data or (start.year if start else 0)
        chosen = self.trimester.data or (trimester_of(start) if start else "")
        # Nobody has checked yet what stands there.
        year, trimester = whole_number(str(year)) or 0, whole_number(str(chosen)) or 0
        module = find_reference("module", clean(self.module.data)) if self.module.data else None
        return ComingCourse(year, trimester, module.id if module else None)

    def complain(self, field: str, message: str) -> None:
        """Put a message at the field that it is about."""
        name = _OWN.get(field, field if field in _THERE else "")
        if not name:
            super().complain(field, message)
            return
        self.put_error(name, message)
