"""Mails with a link that works once. The link is made when the mail is written, and stands nowhere else."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import current_app
from flask_babel import gettext as _

from portal.accounts.queries import find_person
from portal.accounts.queries.links import find_link
from portal.accounts.services.tokens import Purpose, derive_token
from portal.config.present import present_settings
from portal.notifications.groups import ACCOUNT
from portal.notifications.kinds import Kind, Params, Topic, register


@dataclass(frozen=True, slots=True)
class Link:
    """What such a mail says: where its button leads, until when, for whose account, and where it must go."""

    path: str
    expires_at: datetime
    email: str
    role: str
    address: str | None = None


_PATHS = {
    Purpose.INVITATION: "/invitations/{}",
    Purpose.CONFIRMATION: "/confirm/{}",
    Purpose.RESET: "/password/reset/{}",
    Purpose.NOTIFICATION_ADDRESS: "/profile/address/{}",
}


def register_letters() -> None:
    """Make the letters known."""
    subjects: dict[Purpose, Callable[[Link], str]] = {
        Purpose.INVITATION: lambda _link: _("Your account at %(portal)s", portal=_portal()),
        Purpose.CONFIRMATION: lambda _link: _("Confirm your email address"),
        Purpose.RESET: lambda _link: _("Set a new password"),
        Purpose.NOTIFICATION_ADDRESS: lambda _link: _("Confirm where your notifications go"),
    }
    for purpose, subject in subjects.items():
        template = f"mail/accounts/{purpose}"
        topic = Topic(purpose, template, subject, _gather_for(purpose), lambda link: link.address)
        kind = Kind(purpose, purpose, "open", "/", "", _untitled, _no_lines, listed=False, group=ACCOUNT, urgent=True)
        register(topic, kind)


def _portal() -> str:
    return present_settings().portal_name


def _gather_for(purpose: Purpose) -> Callable[[int, Sequence[Params], datetime], Link | None]:
    def gather(user_id: int, facts: Sequence[Params], now: datetime) -> Link | None:
        """The newest link that still works; None when there is none."""
        found = find_link([int(fact["token_id"]) for fact in facts], now)
        person = find_person(user_id)
        if found is None or person is None:
            return None
        token = derive_token(current_app.config["SECRET_KEY"], purpose, found.nonce)
        return Link(_PATHS[purpose].format(token), found.expires_at, person.email, person.role, found.address)

    return gather


def _untitled(_told: Sequence[Params]) -> str:
    return ""


def _no_lines(_told: Sequence[Params]) -> Sequence[Any]:
    return ()
