"""The form of an endpoint, and which of its messages an address asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectMultipleField, StringField, URLField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length
from wtforms.widgets import CheckboxInput, ListWidget

from portal.folding import one_line, whole_number
from portal.paging import Cursor, PageRequest
from portal.web.forms import PortalForm
from portal.webhooks.events import TEST, TYPES
from portal.webhooks.models import MAX_DESCRIPTION, MAX_URL, MessageState
from portal.webhooks.queries.deliveries import DeliveryFilter
from portal.webhooks.services.endpoints import EndpointDraft
from portal.webhooks.words import EVENTS

_NEEDED = _l("This is needed.")
# What people choose from: several states of the table are one for them.
STATES = ("delivered", "pending", "failed")


class EndpointForm(PortalForm):
    """Where messages go, of which events, and what it is for."""

    url = URLField(_l("Address"), [InputRequired(_NEEDED), Length(max=MAX_URL)], [one_line])
    description = StringField(_l("What the endpoint is for"), [Length(max=MAX_DESCRIPTION)], [one_line])
    events = SelectMultipleField(
        _l("Events"),
        choices=[SelectChoice(name, EVENTS[name]) for name in TYPES],
        widget=ListWidget(prefix_label=False), option_widget=CheckboxInput(),
    )  # fmt: skip
    version = HiddenField()

    def draft(self) -> EndpointDraft:
        """The endpoint that it asks for."""
        return EndpointDraft(self.url.data or "", self.events.data or [], self.description.data or "")

    def seen(self) -> int:
        """The version that whoever changes it saw; 0 for none."""
        return whole_number(self.version.data) or 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A filter as the address has it: its texts, and what they mean."""

    texts: Mapping[str, str]
    wanted: DeliveryFilter
    page: PageRequest

    @classmethod
    def of(cls, args: Mapping[str, str]) -> "Asked":
        """What an address asks for; what it does not understand narrows nothing."""
        state, kind = args.get("state", ""), args.get("type", "")
        texts = {"state": state if state in STATES else "", "type": kind if kind in {*TYPES, TEST} else ""}
        wanted = DeliveryFilter(MessageState(texts["state"]) if texts["state"] else None, texts["type"])
        return cls(texts, wanted, PageRequest("made", descending=True, cursor=Cursor.decode(args.get("at"))))

    @property
    def narrows(self) -> bool:
        """Whether anything is left out."""
        return any(self.texts.values())

    def to_args(self, **changes: str) -> dict[str, Any]:
        """The shortest parameters that mean it."""
        return {name: value for name, value in ({**self.texts, **changes}).items() if value}
