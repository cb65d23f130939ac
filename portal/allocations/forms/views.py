"""The form of a saved view."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, StringField
from wtforms.validators import DataRequired, Length

from portal.allocations.forms.listing import clean

MAX_NAME = 80


class ViewForm(FlaskForm):
    """What a view is called, and who sees it."""

    name = StringField(
        _l("Name"),
        [
            DataRequired(_l("Give the view a name.")),
            Length(max=MAX_NAME, message=_l("At most %(max)d characters.")),
        ],
        filters=[clean],
    )
    is_shared = BooleanField(_l("Shared with all managers"))


class ChangeViewForm(ViewForm):
    """The same for one that is there."""

    takes_filters = BooleanField(_l("Replace its filters, sorting and columns with the present ones"))
