"""Forms of the signed-out pages."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField
from wtforms.validators import EqualTo, InputRequired, Length

_MOST = 1000


class SignInForm(FlaskForm):  # type: ignore[misc]
    """Address and password."""

    email = EmailField(_l("Email"), [InputRequired(_l("Enter your email address."))])
    password = PasswordField(_l("Password"), [InputRequired(_l("Enter your password."))])
    next = HiddenField()


class InvitationForm(FlaskForm):  # type: ignore[misc]
    """A first password, typed twice."""

    password = PasswordField(
        _l("New password"),
        [InputRequired(_l("Choose a password.")), Length(max=_MOST, message=_l("This password is too long."))],
    )
    again = PasswordField(
        _l("The same password again"),
        [InputRequired(_l("Type the password a second time.")), EqualTo("password", _l("The two passwords differ."))],
    )
