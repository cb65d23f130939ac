"""Forms in which a password is set, and those that lead there."""

from collections.abc import Iterator
from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, PasswordField, RadioField, StringField
from wtforms.validators import DataRequired, EqualTo, InputRequired, Length, ValidationError

from portal.accounts.queries import LONGEST_EMAIL
from portal.accounts.services.people import check_email
from portal.errors import DomainError

_LONGEST_PASSWORD = 1000
_LONGEST_NAME = 100


class NewPasswordForm(FlaskForm):
    """A new password, typed twice."""

    order: ClassVar[tuple[str, ...]] = ("present", "password", "again")

    password = PasswordField(
        _l("New password"),
        [
            InputRequired(_l("Choose a password.")),
            Length(max=_LONGEST_PASSWORD, message=_l("This password is too long.")),
        ],
    )
    again = PasswordField(
        _l("The same password again"),
        [InputRequired(_l("Type the password a second time.")), EqualTo("password", _l("The two passwords differ."))],
    )

    def __iter__(self) -> Iterator[Field]:
        """The fields as they stand on the page; errors are listed in this order."""
        places = {name: place for place, name in enumerate(self.order)}
        return iter(sorted(super().__iter__(), key=lambda field: places.get(field.name, -1)))


class ChangePasswordForm(NewPasswordForm):
    """The present password too."""

    present = PasswordField(_l("Present password"), [InputRequired(_l("Type your present password."))])


class AddressForm(FlaskForm):
    """An address to which a link goes."""

    email = EmailField(
        _l("Email"),
        [
            DataRequired(_l("Enter your email address.")),
            Length(max=LONGEST_EMAIL, message=_l("This is longer than any email address.")),
        ],
    )


class ConfirmationForm(FlaskForm):
    """The password that was typed at registration."""

    password = PasswordField(
        _l("The password that you chose"), [InputRequired(_l("Type the password that you chose at registration."))]
    )


def _is_offered(_form: FlaskForm, field: RadioField) -> None:
    """Of every value that came in, should there be several: none but those offered is ever looked at."""
    if set(field.raw_data or ()) - {value for value, _text in field.choices}:
        raise ValidationError(_l("Nobody can register with this role."))
    if not field.data:
        raise ValidationError(_l("Choose what you are here as."))


class RegistrationForm(NewPasswordForm, AddressForm):
    """An account that somebody wants for themselves, with one of the roles that are open to strangers."""

    order = ("first_name", "last_name", "email", "role", "password", "again")

    first_name = StringField(
        _l("First name"),
        [
            DataRequired(_l("Enter your first name.")),
            Length(max=_LONGEST_NAME, message=_l("Names hold 100 characters; this one is longer.")),
        ],
    )
    last_name = StringField(
        _l("Last name"),
        [
            DataRequired(_l("Enter your last name.")),
            Length(max=_LONGEST_NAME, message=_l("Names hold 100 characters; this one is longer.")),
        ],
    )
    role = RadioField(_l("I am here as a"), [_is_offered], validate_choice=False)

    def __init__(self, roles: list[tuple[str, Any]], **given: Any) -> None:
        super().__init__(**given)
        self.role.choices = roles
        if len(roles) == 1 and not self.role.raw_data:
            self.role.data = roles[0][0]

    def validate_email(self, field: EmailField) -> None:
        """Said together with what else is missing, not after it."""
        if field.errors:
            return
        try:
            check_email(field.data)
        except DomainError as error:
            raise ValidationError(str(error)) from error
