"""Forms of the pages of one's own account."""

from typing import Any

from babel import Locale
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, SelectField, StringField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from portal.accounts.queries.profiles import Profile
from portal.accounts.services.profile import CHECKS, ProfileDraft
from portal.accounts.zones import canonical_zones, zones_by_region
from portal.config.present import present_settings
from portal.errors import DomainError
from portal.web.locale import LANGUAGES

FIELDS = tuple(CHECKS)
_REGIONS = {
    "Africa": _l("Africa"),
    "America": _l("America"),
    "Antarctica": _l("Antarctica"),
    "Arctic": _l("Arctic"),
    "Asia": _l("Asia"),
    "Atlantic": _l("Atlantic Ocean"),
    "Australia": _l("Australia"),
    "Europe": _l("Europe"),
    "Indian": _l("Indian Ocean"),
    "Pacific": _l("Pacific Ocean"),
}


class _Rule:
    """A field is held to its rule where the person changed it: what is there already is no fault of theirs."""

    def __call__(self, form: FlaskForm, field: Any) -> None:
        if field.data == form.shown(field.name):
            return
        try:
            field.data = CHECKS[field.name](field.data or "")
        except DomainError as error:
            raise ValidationError(str(error)) from None


class ProfileForm(FlaskForm):
    """What people may change of their own account. `was_…` is what each field showed when the form was drawn."""

    first_name = StringField(_l("First name"), [_Rule()])
    last_name = StringField(_l("Last name"), [_Rule()])
    title = StringField(_l("Title"), [_Rule()])
    bio = TextAreaField(_l("About you"), [_Rule()])
    locale = SelectField(_l("Language"), [_Rule()], choices=LANGUAGES, validate_choice=False)
    time_zone = SelectField(_l("Time zone"), [_Rule()], validate_choice=False)
    was_first_name = HiddenField()
    was_last_name = HiddenField()
    was_title = HiddenField()
    was_bio = HiddenField()
    was_locale = HiddenField()
    was_time_zone = HiddenField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in FIELDS:  # one form of line ends, and texts where a field was left out
            for field in (self[name], self[f"was_{name}"]):
                field.data = (field.data or "").replace("\r\n", "\n")
        self.time_zone.choices = _zones()

    @classmethod
    def of(cls, profile: Profile) -> "ProfileForm":
        """The form as it shows a profile."""
        shown = {name: getattr(profile, name) or "" for name in FIELDS}
        if shown["time_zone"] not in canonical_zones():
            shown["time_zone"] = ""  # times are shown in the institution's
        return cls(formdata=None, data=shown | {f"was_{name}": text for name, text in shown.items()})

    def shown(self, name: str) -> str:
        """What a field showed when the form was drawn."""
        return str(self[f"was_{name}"].data)

    def drafts(self) -> tuple[ProfileDraft, ProfileDraft]:
        """What was shown, and what is wanted instead."""
        shown = {name: self.shown(name) for name in FIELDS}
        return ProfileDraft(**shown), ProfileDraft(**{name: self[name].data for name in FIELDS})


def _zones() -> dict[str, dict[str, str]]:
    """Name and words of every zone by region, the institution's first."""
    own = present_settings().portal_time_zone
    first = {"": _("The institution's (%(zone)s)", zone=own), "UTC": "UTC"}
    regions = zones_by_region(Locale.parse(str(get_locale())).language)
    return {_("General"): first, **{str(_REGIONS[region]): dict(places) for region, places in regions.items()}}


class AddressForm(FlaskForm):
    """Where what the portal has to tell shall go."""

    address = EmailField(_l("Address for notifications"))


class DeletionForm(FlaskForm):
    """The wish to have one's account deleted, proved by the password where there is one."""

    password = PasswordField(_l("Your password"), [InputRequired(_l("Enter your password."))])
