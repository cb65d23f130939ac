"""Webhooks in words: events, states, what keeps messages from arriving, and what administrators are told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.notifications.groups import Group, register_group
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.roles import Role
from portal.webhooks.models import EndpointState, WhyDisabled
from portal.webhooks.queries.endpoints import list_disabled
from portal.webhooks.services.endpoints import NOTICE

EVENTS: Mapping[str, Any] = {
    "log.submitted": _l("A weekly log was submitted"),
    "log.reopened": _l("A submitted week was opened again"),
    "log.excused": _l("A week was excused"),
    "log.expected": _l("An excused week is expected again"),
    "log.extended": _l("A week was given more time"),
    "allocation.changed": _l("A course was given to, or taken from, a facilitator"),
    "enrolment.created": _l("A student was enrolled, or put on the waiting list"),
    "enrolment.activated": _l("A student got a place from the waiting list, or again"),
    "enrolment.withdrawn": _l("A student left a course, or was taken off it"),
    "enrolment.completed": _l("A student completed a course"),
    "reflection.counted": _l("More students took part in a reflection (once a day, numbers only)"),
    "reflection.released": _l("The results of a reflection are out (numbers only)"),
    "webhook.test": _l("A test"),
}
ERRORS: Mapping[str, Any] = {
    "status": _l("answered with an error"),
    "redirect": _l("wants to be asked elsewhere; redirects are not followed"),
    "timeout": _l("did not answer in time"),
    "refused": _l("refused the connection"),
    "unknown": _l("the name of the host is not known"),
    "forbidden": _l("lies in a private network that is not allowed"),
    "insecure": _l("is not reached by HTTPS"),
    "malformed": _l("has an address that cannot be read"),
    "tls": _l("has no certificate that can be trusted"),
    "broken": _l("the connection broke"),
    "secret": _l("the secret cannot be read any more"),
    "fault": _l("something went wrong in the portal"),
}
REASONS: Mapping[WhyDisabled, Any] = {
    WhyDisabled.BY_HAND: _l("Somebody switched it off."),
    WhyDisabled.FAILING: _l("For five days nothing arrived there."),
    WhyDisabled.GONE: _l("It answered that it is gone for good (410)."),
    WhyDisabled.UNREADABLE: _l(
        "Its secret cannot be read, since the portal has another SECRET_KEY. Make a new secret."
    ),
}
GROUP, _TOPIC, _PATH = "webhooks", "webhooks", "/admin/webhooks/"


@dataclass(frozen=True, slots=True)
class SwitchedOff:
    """What one mail says: a line for each endpoint that is still switched off."""

    lines: Sequence[Line]


def init_words() -> None:
    """Make the notice known to inbox and mail."""
    about = _l("Always sent: another system misses what happens here until somebody looks.")
    register_group(Group(GROUP, _l("Webhooks"), about, mandatory=True, roles=frozenset({Role.ADMIN})))
    register(
        Topic(_TOPIC, "mail/webhooks", _subject, _gather),
        Kind(NOTICE, _TOPIC, "missing", _PATH, _l("Look at the webhooks"), _title, _lines, group=GROUP),
    )


def event_in_words(name: str) -> str:
    """What happened."""
    return str(EVENTS.get(name) or name)


def error_in_words(error: str | None, status_code: int | None = None) -> str:
    """What kept a message from arriving; empty for nothing."""
    if error is None:
        return ""
    said = str(ERRORS.get(error) or error)
    return f"{status_code}: {said}" if status_code else said


def reason_in_words(reason: WhyDisabled | None) -> str:
    """Why an endpoint gets nothing."""
    return str(REASONS.get(reason or WhyDisabled.BY_HAND) or "")


def state_in_words(state: EndpointState) -> str:
    """Whether an endpoint gets messages."""
    return str(_("On") if state is EndpointState.ENABLED else _("Off"))


def _gather(_user_id: int, told: Sequence[Params], _now: datetime) -> SwitchedOff | None:
    """Those that are off still, and why."""
    off = list_disabled(sorted({fact["endpoint_id"] for fact in told}))
    lines = [Line(name, reason_in_words(reason)) for name, reason in off.values()]
    return SwitchedOff(lines) if lines else None


def _subject(content: SwitchedOff) -> str:
    return _counted(len(content.lines))


def _title(told: Sequence[Params]) -> str:
    return _counted(len(told))


def _counted(count: int) -> str:
    return str(ngettext("A webhook was switched off", "%(num)s webhooks were switched off", count))


def _lines(told: Sequence[Params]) -> Sequence[Line]:
    return [Line(fact["name"], reason_in_words(WhyDisabled(fact["reason"]))) for fact in told]
