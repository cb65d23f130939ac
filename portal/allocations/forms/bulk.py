"""A bulk change as an address or a form asks for it: which courses, which deed, and with what."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import IntegerField, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from portal.allocations import queries
from portal.allocations.forms.listing import ListForm, clean
from portal.allocations.models import OfferingStatus
from portal.allocations.queries.selections import Selection, mode_named
from portal.allocations.services.assignment import MAX_REASON
from portal.allocations.services.bulk_rules import LONGEST_SHIFT, MOST_PLACES, BulkChange, Deed
from portal.allocations.words import status_name
from portal.catalogue.words import mode_name
from portal.errors import DomainError
from portal.folding import fold, one_line, whole_number
from portal.web.forms import PortalForm

# Names that belong to the change; every other one narrows the list that "all" is about.
_OWN = frozenset({"deed", "id", "all", "seen", "by_days", "to_facilitator", "to_mode", "to_status", "to_places",
                  "reason", "csrf_token"})  # fmt: skip
MOST_IDS = 1000
_REASON = _l("Reason")
Pairs = Sequence[tuple[str, str]]


class AllocateForm(PortalForm):
    """Who shall teach them; the reason is asked for when that is over the limit."""

    to_facilitator = StringField(
        _l("Facilitator"), [DataRequired(_l("Type a name or an employee ID.")), Length(max=200)]
    )
    reason = StringField(_REASON, [Length(max=MAX_REASON)])


class UnallocateForm(PortalForm):
    """Nobody shall teach them for now."""

    reason = StringField(_REASON, [Length(max=MAX_REASON)])


class ShiftForm(PortalForm):
    """By how many days they move."""

    by_days = IntegerField(
        _l("Days to move by"),
        [
            InputRequired(_l("Enter a number of days, such as 7 or -7.")),
            NumberRange(-LONGEST_SHIFT, LONGEST_SHIFT, _l("This is too far.")),
        ],
    )
    reason = StringField(_REASON, [Length(max=MAX_REASON)])


class ModeForm(PortalForm):
    """In which mode they are taught."""

    to_mode = RadioField(_l("Mode"), [InputRequired(_l("Choose a mode."))])
    reason = StringField(_REASON, [Length(max=MAX_REASON)])


class StatusForm(PortalForm):
    """How they stand from now on."""

    to_status = RadioField(_l("Status"), [InputRequired(_l("Choose a status."))])
    reason = StringField(_REASON, [Length(max=MAX_REASON)])


class PlacesForm(PortalForm):
    """How many students may join each."""

    to_places = IntegerField(
        _l("Places in each course"),
        [
            InputRequired(_l("Enter a whole number.")),
            NumberRange(1, MOST_PLACES, _l("Places must be between 1 and %(max)s.")),
        ],
    )
    reason = StringField(_REASON, [Length(max=MAX_REASON)])


_FORMS: Mapping[Deed, type[PortalForm]] = {
    Deed.ALLOCATE: AllocateForm,
    Deed.UNALLOCATE: UnallocateForm,
    Deed.SHIFT: ShiftForm,
    Deed.MODE: ModeForm,
    Deed.STATUS: StatusForm,
    Deed.PLACES: PlacesForm,
}


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """A bulk change as it was asked for. `pairs` are the parameters that mean the same courses and the same deed."""

    deed: Deed
    form: PortalForm
    selection: Selection
    pairs: Pairs
    seen: str

    @property
    def is_filled(self) -> bool:
        """Whether somebody said what to change to."""
        return self.deed is Deed.UNALLOCATE or any(field.raw_data for field in self.form if field.name != "reason")

    @property
    def everything(self) -> Pairs:
        """`pairs` with what to change to."""
        filled = [(field.name, str(field.raw_data[0])) for field in self.form if field.raw_data and field.raw_data[0]]
        return [*self.pairs, *filled]

    @property
    def list_args(self) -> dict[str, list[str]]:
        """The list that it came from, as address parameters."""
        return MultiDict([(name, value) for name, value in self.pairs if name not in _OWN]).to_dict(flat=False)


def read_request(args: MultiDict[str, str], modes: Iterable[str]) -> BulkRequest | None:
    """What an address or a form asks for; None when it names no deed. `modes` are those that can be chosen."""
    deed = next((one for one in Deed if one.value == args.get("deed")), None)
    if deed is None:
        return None
    form = _FORMS[deed](args)
    if "to_mode" in form:
        form["to_mode"].choices = [SelectChoice(name, mode_name(name)) for name in modes]
    if "to_status" in form:
        form["to_status"].choices = [SelectChoice(one.value, status_name(one)) for one in OfferingStatus]
    everything = args.get("all") == "1"
    ids = tuple(sorted({number for text in args.getlist("id") if (number := whole_number(text))}))[:MOST_IDS]
    pairs = [(name, value) for name, value in args.items(multi=True) if name not in _OWN and value]
    pairs.append(("deed", deed.value))
    pairs += [("all", "1")] if everything else [("id", str(row_id)) for row_id in ids]
    selection = Selection(ListForm.from_args(args).wanted, None if everything else ids)
    return BulkRequest(deed, form, selection, pairs, args.get("seen", ""))


def change_of(asked: BulkRequest) -> BulkChange | None:
    """The change itself; None when the form has errors, which then stand at its fields."""
    form, data = asked.form, asked.form.data
    if not form.validate():
        return None
    reason = one_line(data.get("reason"))
    try:
        return BulkChange(
            asked.deed,
            facilitator_id=person_meant(clean(data["to_facilitator"])) if asked.deed is Deed.ALLOCATE else None,
            days=data.get("by_days") or 0,
            mode_id=_mode(data["to_mode"]) if asked.deed is Deed.MODE else None,
            status=OfferingStatus(data["to_status"]) if asked.deed is Deed.STATUS else None,
            places=data.get("to_places") or 0,
            reason=reason,
        )
    except DomainError as error:
        show_error(form, error)
        return None


def show_error(form: PortalForm, error: DomainError) -> None:
    """Put what a rule says at the field of the form that it is about, else at the first."""
    names = {"facilitator": "to_facilitator", "mode": "to_mode", "days": "by_days", "status": "to_status",
             "places": "to_places", "reason": "reason"}  # fmt: skip
    name = names.get(error.field or "", "")
    form.put_error(name if name in form else next(iter(form)).name, error)


def _mode(name: str) -> int:
    found = mode_named(name)
    if found is None:
        raise DomainError(_("Choose a mode."), "mode")
    return found[0]


def person_meant(text: str) -> int:
    """The one facilitator that a text means. Raises DomainError when it is nobody, or several."""
    people = queries.list_candidates(None, text) if text else []
    exact = [one for one in people if fold(text) in {fold(one.name), fold(one.employee_id), fold(one.key)}]
    if not people:
        raise DomainError(_("Nobody matches “%(text)s”.", text=text), "facilitator")
    if len(people) > 1 and len(exact) != 1:
        several = ", ".join(one.key for one in people[:4])
        message = _("Several people match “%(text)s”: %(people)s. Add the employee ID.", text=text, people=several)
        raise DomainError(message, "facilitator")
    return (exact if len(exact) == 1 else people)[0].id
