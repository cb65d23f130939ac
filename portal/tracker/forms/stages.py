"""A stage of the reminders as its form sends it, and a new one."""

from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import BooleanField, IntegerField, SelectField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, NumberRange, Optional

from portal.tracker.ladder import ALERT, DUE, ESCALATED, MISSING
from portal.tracker.queries.stages import KeptStage
from portal.tracker.services.stages import MOST_AFTER, StageDraft
from portal.web.forms import PortalForm, VersionField

_DAYS = NumberRange(0, MOST_AFTER, _l("Use a number from %(least)s to %(most)s.", least=0, most=MOST_AFTER))


class StageForm(PortalForm):
    """How many working days from the deadline, and whether it is in force."""

    days = IntegerField(_l("Working days"), [InputRequired(_l("Use a whole number.")), _DAYS])
    is_active = BooleanField(_l("In force"))
    version = VersionField(validators=[Optional()])

    @classmethod
    def of(cls, stage: KeptStage, data: MultiDict[str, str] | None = None) -> "StageForm":
        """The form as it was sent, else with what the stage holds. Its ids end in the stage's."""
        values: dict[str, Any] = {
            "days": abs(stage.working_days), "is_active": stage.is_active, "version": stage.version,
        }  # fmt: skip
        form = cls(data, data=values)
        for field in form:
            field.id = f"{field.name}-{stage.id}"
        return form

    def draft(self) -> StageDraft:
        """The stage as it is wanted."""
        return StageDraft(self.days.data, self.is_active.data)


class NewStageForm(PortalForm):
    """Whom to tell once more, and when."""

    main_field = "new_days"

    who = SelectField(
        _l("Who is told"),
        choices=[
            SelectChoice(DUE, _l("Whoever owes the week, before the deadline")),
            SelectChoice(MISSING, _l("Whoever owes the week, after the deadline")),
            SelectChoice(ALERT, _l("The managers, after the deadline")),
            SelectChoice(ESCALATED, _l("The heads of the office, after the deadline")),
        ],
        default=MISSING,
    )
    new_days = IntegerField(_l("Working days"), [InputRequired(_l("Use a whole number.")), _DAYS])
