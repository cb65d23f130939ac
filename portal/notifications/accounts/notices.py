"""What was done to an account: in the inbox, and as a mail."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.accounts.queries import find_person
from portal.notifications.groups import ACCOUNT
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.web.locale import datetime_long

_SESSIONS, _PROFILE, _PEOPLE, _FORGOTTEN = "/profile/sessions", "/profile", "/admin/users", "/password/forgot"


When = Callable[[datetime], str]


@dataclass(frozen=True, slots=True)
class Wording:
    """How one kind of notice reads: its title, what it says of a fact, what a mail advises, and where its button leads.

    `look_up` adds to a fact what must be read from the database. `page` is where one fact alone is seen, with its
    parameters in braces. What is not `listed` never stands in the inbox.
    """

    title: Any
    detail: Callable[[Params, When], str]
    advice: Any
    deed: Any
    path: str
    state: str = "late"
    listed: bool = True
    look_up: Callable[[Params], Params] = dict
    page: str = ""
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a mail says of one fact, and where that is seen; nowhere in particular when `path` is empty."""

    text: str
    path: str


@dataclass(frozen=True, slots=True)
class Told:
    """What a mail says of one kind. Its words are made when it is written, in the recipient's language."""

    wording: Wording
    facts: Sequence[Params]

    def lines(self, when: When) -> list[Said]:
        """One line for each fact that has something to say; `when` writes a moment in the recipient's time zone."""
        said = [(self.wording.detail(fact, when), self.wording.page.format(**fact)) for fact in self.facts]
        return [Said(text, path) for text, path in said if text]


def register_notices() -> None:
    """Make the notices known."""
    for name, wording in _WORDINGS.items():
        topic = Topic(name, "mail/accounts/notice", _subject, partial(_gather, wording))
        title, lines = partial(_title, wording), partial(_lines, wording)
        kind = Kind(
            name, name, wording.state, wording.path, wording.deed, title, lines, wording.listed, ACCOUNT, wording.urgent
        )
        register(topic, kind)


def _subject(told: Told) -> str:
    return str(told.wording.title)


def _gather(wording: Wording, _user_id: int, facts: Sequence[Params], _now: datetime) -> Told:
    return Told(wording, [wording.look_up(fact) for fact in facts])


def _title(wording: Wording, _told: Sequence[Params]) -> str:
    return str(wording.title)


def _lines(wording: Wording, told: Sequence[Params]) -> Sequence[Line]:
    return [Line(wording.detail(wording.look_up(fact), datetime_long), "") for fact in told]


def _moment(fact: Params, when: When) -> str:
    return when(datetime.fromisoformat(str(fact["at"])))


def _new_sign_in(fact: Params, when: When) -> str:
    said = {"device": str(fact.get("device") or ""), "when": _moment(fact, when)}
    if fact.get("network_address"):
        return str(_("%(device)s, %(when)s, from %(address)s", address=str(fact["network_address"]), **said))
    return str(_("%(device)s, %(when)s", **said))


def _identity(fact: Params, _when: When) -> str:
    if fact.get("email"):
        return str(_("%(provider)s, account %(email)s", provider=fact["provider"], email=fact["email"]))
    return str(fact["provider"])


def _role(fact: Params, _when: When) -> str:
    before, after = role_name(str(fact["before"])), role_name(str(fact["after"]))
    return str(_("Before: %(before)s. Now: %(after)s.", before=before, after=after))


def role_name(role: str) -> str:
    """The word for a role in the present language."""
    words = {
        "admin": _("Administrator"),
        "manager": _("Manager"),
        "facilitator": _("Facilitator"),
        "student": _("Student"),
    }
    return str(words.get(role, role))


def _who_asks(fact: Params) -> Params:
    person = find_person(int(fact["user_id"]))
    return {**fact, "person": f"{person.full_name}, {person.email}" if person else ""}


def _nothing(_fact: Params, _when: When) -> str:
    return ""


_WORDINGS = {
    "new_sign_in": Wording(
        _l("New sign-in to your account"),
        _new_sign_in,
        _l("If this was you, there is nothing to do. If not, end that session and change your password."),
        _l("See where you are signed in"),
        _SESSIONS,
        urgent=True,
    ),
    "password_changed": Wording(
        _l("Your password was changed"),
        _moment,
        _l("All other sessions were ended. If it was not you, set a new password now and tell your academic office."),
        _l("Set a new password"),
        _FORGOTTEN,
        urgent=True,
    ),
    "identity_linked": Wording(
        _l("Another way to sign in was added"),
        _identity,
        _l("If it was not you, remove it in your profile and change your password."),
        _l("See your connected accounts"),
        "/profile/connections",
        urgent=True,
    ),
    "already_registered": Wording(
        _l("You have an account already"),
        _nothing,
        _l(
            "Somebody tried to register with your address. Sign in with your password, or set a new one. "
            "If it was not you, there is nothing to do: nothing was changed."
        ),
        _l("Set a new password"),
        _FORGOTTEN,
        listed=False,
        urgent=True,
    ),
    "role_changed": Wording(
        _l("Your role was changed"),
        _role,
        _l("What you see in the portal has changed with it. You may have to sign in again."),
        _l("Go to your profile"),
        _PROFILE,
        "open",
    ),
    "deletion_asked": Wording(
        _l("Someone asked for their account to be deleted"),
        lambda fact, _when: str(fact["person"]),
        _l("Open their page to see what will go and what is kept."),
        _l("Go to the people"),
        _PEOPLE,
        "open",
        look_up=_who_asks,
        page="/admin/users/{user_id}",
    ),
}
