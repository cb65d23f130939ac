"""Messages in the recipient's language and time zone: one HTML part, one text part, safe headers."""

import re
import secrets
import sys
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.headerregistry import Address, BaseHeader, HeaderRegistry
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime as rfc_date
from email.utils import parseaddr
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import css_inline
from babel.dates import format_date, format_datetime
from flask import current_app, render_template
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from portal import clock
from portal.config import Settings
from portal.config.present import present_settings
from portal.notifications.groups import optional_groups
from portal.notifications.kinds import Topic
from portal.notifications.models import Channel
from portal.notifications.services import Claim
from portal.notifications.unsubscribing import sign_wish
from portal.web.locale import LANGUAGES, worded

# Letters that no name needs and that turn the reading order of what follows: embeddings, overrides, isolates.
_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


class _Header(BaseHeader):
    """A header that is folded once for all mails in which it stands.

    An address of the web stays in one line: Python would write a long one as encoded words, which RFC 2369 forbids.
    """

    def fold(self, *, policy: Policy) -> str:
        """Its lines under a policy."""
        if self.name == "List-Unsubscribe" and self.isascii():
            return f"{self.name}: {self}{policy.linesep}"
        asked = (policy.max_line_length, policy.linesep, policy.cte_type, getattr(policy, "utf8", False))
        known: dict[Any, str] = self.__dict__.setdefault("_portal_lines", {})
        return known.get(asked) or known.setdefault(asked, super().fold(policy=policy))


class _Headers(HeaderRegistry):
    """Headers by name and value: Python's own makes a class anew for each header of each mail, and reads its value.

    Most of a mail's headers are those of the mail before.
    """

    def __init__(self) -> None:
        super().__init__(base_class=_Header)
        self._made: dict[str, type] = {}
        self._read = lru_cache(maxsize=200)(super().__call__)

    def __getitem__(self, name: str) -> type:
        """The class for headers of a name."""
        return self._made.get(name) or self._made.setdefault(name, super().__getitem__(name))

    def __call__(self, name: str, value: Any) -> BaseHeader:
        """The header; nobody changes one, another takes its place."""
        return self._read(name, value) if type(value) is str else super().__call__(name, value)


_ASCII = SMTP.clone(header_factory=_Headers())
_UTF8 = SMTPUTF8.clone(header_factory=_ASCII.header_factory)


@dataclass(frozen=True, slots=True)
class Section:
    """What a mail says about one topic: the topic, what it gathered, and of which groups the facts were."""

    topic: Topic
    content: Any
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Letter:
    """What all templates of a mail are given besides their sections."""

    name: str
    subject: str
    locale: str
    zone: ZoneInfo

    def when(self, moment: datetime) -> str:
        """Monday 23 November 17:00, where the recipient lives."""
        return _when(moment, self.zone, str(get_locale()))

    def day(self, moment: datetime) -> str:
        """Monday 23 November, where the recipient lives."""
        here = moment.astimezone(self.zone).date()
        return str(format_date(here, worded("EEEE d MMMM", here), locale=get_locale()))


@lru_cache(maxsize=500)
def _when(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """Once for all mails of a deadline; the language is the present one."""
    return str(
        format_datetime(moment, worded("EEEE d MMMM HH:mm", moment.astimezone(zone)), tzinfo=zone, locale=language)
    )


def language_of(claim: Claim) -> str:
    """The language of a delivery's recipient."""
    return claim.locale if claim.locale in LANGUAGES else "en"


def zone_of(claim: Claim, settings: Settings) -> ZoneInfo:
    """The time zone of a delivery's recipient: their own, else the institution's."""
    return clock.zone_named(claim.time_zone) or settings.zone


def write_message(claim: Claim, sections: Sequence[Section], settings: Settings) -> EmailMessage:
    """The mail for a claimed delivery. Needs an application context. Its Message-ID is the same on every attempt."""
    locale = language_of(claim)
    name, to = _recipient(claim, sections)
    with force_locale(locale):
        subject = sections[0].topic.subject(sections[0].content)
        letter = _Letter(name, subject, locale, zone_of(claim, settings))
        stop = _stop_address(claim, sections, settings)
        shared = {"letter": letter, "claim": claim, "sections": sections, "address": settings.address(), "stop": stop}
        text = render_template("mail/message.txt", **shared)
        html = render_template("mail/message.html", **shared)
    message = _headed(settings, to, name, subject)
    # Which delivery, of which installation: identifiers begin at 1 again when a database is made anew.
    number = f"{claim.id}.{int(claim.created_at.timestamp()):x}"
    message["Message-ID"] = f"<delivery.{number}@{urlsplit(settings.address()).hostname or 'localhost'}>"
    if stop:
        message["List-Unsubscribe"] = f"<{stop}>"
        message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return _filled(message, text, html, locale)


def _stop_address(claim: Claim, sections: Sequence[Section], settings: Settings) -> str:
    """Where its recipient stops what of a mail may be stopped (RFC 8058); empty when all of it is mandatory."""
    groups = frozenset[str]().union(*(section.groups for section in sections)) & optional_groups()
    if not groups or claim.channel == Channel.LETTER:
        return ""
    token = sign_wish(current_app.config["SECRET_KEY"], claim.recipient_id, groups)
    return f"{settings.address()}/notifications/unsubscribe/{token}"


def _recipient(claim: Claim, sections: Sequence[Section]) -> tuple[str, str]:
    """Whom a mail greets, and where it goes: to the address that one of its topics is about, else to the recipient's.

    Nobody is greeted at an address that is not proved yet: it may be a stranger's, and the name whatever someone
    typed to have it sent there.
    """
    wanted = (section.topic.address(section.content) for section in sections if section.topic.address)
    unproved = next(filter(None, wanted), None)
    if unproved or not claim.is_confirmed:
        return "", unproved or claim.address
    return claim.full_name, claim.address


@dataclass(frozen=True, slots=True)
class Reader:
    """Who would read a mail that is only shown: their name and time zone, and whether they can sign in."""

    name: str
    zone: ZoneInfo
    can_sign_in: bool = True
    channel: str = Channel.MAIL


def write_parts(section: Section, reader: Reader, locale: str) -> tuple[str, str, str]:
    """What a mail about one topic would be in a language: its subject, its text and its page."""
    settings = present_settings()
    with force_locale(locale):
        letter = _Letter(reader.name, section.topic.subject(section.content), locale, reader.zone)
        shared = {"letter": letter, "claim": reader, "sections": [section], "address": settings.address(), "stop": ""}
        text = render_template("mail/message.txt", **shared)
        html = render_template("mail/message.html", **shared)
    return letter.subject, text, _inliner().inline(html)


def write_test(address: str, settings: Settings) -> EmailMessage:
    """A mail that shows that mail works."""
    subject = _("Mail from %(portal)s works", portal=settings.portal_name)
    message = _headed(settings, address, "", subject)
    text = _("This is a test. Whoever set up the portal asked for it; there is nothing to do.")
    return _filled(message, text + "\n", None, "en")


def _headed(settings: Settings, email: str, name: str, subject: str) -> EmailMessage:
    # Letters beyond ASCII before the @ need RFC 6531, which not every mail server speaks; nothing else does.
    message = EmailMessage(policy=_ASCII if email.rpartition("@")[0].isascii() else _UTF8)
    sender, address = parseaddr(settings.mail_from)
    message["From"] = _sender(sender or settings.portal_name, address)
    message["To"] = _mailbox(name, email)
    message["Subject"] = clean(subject)
    message["Date"] = rfc_date(clock.now())
    # RFC 3834: nobody's holiday notice should answer; the second is what Exchange listens to.
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    return message


def _filled(message: EmailMessage, text: str, html: str | None, locale: str) -> EmailMessage:
    message.set_content(text, cte="quoted-printable")
    if html is not None:
        # Python would look for a line that is in neither part. In quoted-printable there is never "==".
        message.make_alternative(f"{'=' * 15}{secrets.randbelow(sys.maxsize):019}==")
        message.add_alternative(_inliner().inline(html), subtype="html", cte="quoted-printable")
    message["Content-Language"] = locale
    return message


def clean(text: str) -> str:
    """A text for a header: one line, without control characters or letters that turn the reading order."""
    spaced = "".join(" " if unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} else letter for letter in text)
    return " ".join(_TURNING.sub("", spaced).split())


def _mailbox(name: str, email: str) -> Address:
    local, _at, domain = clean(email).rpartition("@")
    # A domain in other letters travels in its ASCII form, which every server takes.
    return Address(clean(name), local, domain if domain.isascii() else domain.encode("idna").decode())


@lru_cache(maxsize=8)
def _sender(name: str, email: str) -> BaseHeader:
    """Whom all mails are from."""
    return _Headers()("From", _mailbox(name, email))


@cache
def _inliner() -> css_inline.CSSInliner:
    """Moves the style sheet into the elements, since many mail readers drop it; what depends on the reader stays."""
    css = (Path(current_app.root_path) / "templates" / "mail" / "mail.css").read_text()
    return css_inline.CSSInliner(extra_css=css, keep_at_rules=True, load_remote_stylesheets=False)
