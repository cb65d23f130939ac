"""English and French: which one, and dates and numbers in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Blueprint, Flask, g, has_request_context, redirect, request, session, url_for
from flask_babel import (
    force_locale,
    format_date,
    format_datetime,
    format_decimal,
    get_locale,
    refresh,
    to_user_timezone,
)
from flask_login import current_user
from werkzeug.wrappers import Response

from portal import clock
from portal.config.present import present_settings
from portal.extensions import babel
from portal.web.access import public
from portal.web.bare import bare
from portal.web.entrances import present_entrance
from portal.web.tongues import init_tongues

LANGUAGES = {"en": "English", "fr": "Français"}
# Of an address of our own pages with every filter set: much more is no header that servers and browsers read.
_LONGEST_ADDRESS = 2_000

bp = Blueprint("locale", __name__)


def init_locale(app: Flask) -> None:
    """Bind Babel and the filters of dates and numbers."""
    babel.init_app(
        app,
        locale_selector=chosen_language,
        timezone_selector=chosen_zone,
        default_translation_directories="../translations",
    )
    init_tongues(app, babel)
    app.register_blueprint(bp)
    app.jinja_env.filters.update(
        date_long=date_long,
        date_short=date_short,
        date_medium=date_medium,
        datetime_long=datetime_long,
        datetime_exact=datetime_exact,
        number=format_decimal,
    )
    app.jinja_env.globals.update(languages=LANGUAGES, language=chosen_language)


def chosen_language() -> str:
    """The language of this request: what the person clicked, else their account's, else the browser's, else English."""
    if not has_request_context():
        return "en"  # commands; a mail forces its reader's language
    if present_entrance():  # a program says what it wants to read in each request
        return _asked_language()
    picked = g.get("page_language") or session.get("language")
    if picked in LANGUAGES:
        return str(picked)
    if current_user and current_user.is_authenticated and current_user.locale in LANGUAGES:
        return str(current_user.locale)
    return _asked_language()


def speak(language: str) -> None:
    """Answer this request in a language, whatever the person usually reads; nothing keeps that."""
    g.page_language = language
    refresh()


@contextmanager
def as_read_by(language: str, zone: str) -> Iterator[None]:
    """Words, dates and times as somebody else reads them, whoever asked: for what is written to them."""
    before = g.get("reader_zone")
    g.reader_zone = zone
    refresh()
    try:
        with force_locale(language):
            yield
    finally:
        g.reader_zone = before
        refresh()


def _asked_language() -> str:
    """The language that the request asks for, whatever country it names with it: "fr-CA" is French."""
    if "HTTP_ACCEPT_LANGUAGE" not in bare(request).environ:
        return "en"
    asked = [(tag.partition("-")[0].lower(), quality) for tag, quality in request.accept_languages if quality > 0]
    known = [one for one in asked if one[0] in LANGUAGES]
    return max(known, key=lambda one: one[1])[0] if known else "en"


def chosen_zone() -> str:
    """The time zone in which times are shown: the reader's own if there is such, else the institution's."""
    if reader := g.get("reader_zone"):
        return str(reader)
    own = current_user.time_zone if has_request_context() and current_user and current_user.is_authenticated else None
    return str(clock.zone_named(own) or present_settings().portal_time_zone)


def present_day() -> date:
    """The day at the institution, which decides what is due and what has begun."""
    return clock.today(present_settings().zone)


def date_long(day: date) -> str:
    """Monday 23 November 2026, lundi 23 novembre 2026."""
    return str(format_date(day, worded("EEEE d MMMM y", day)))


def date_short(day: date) -> str:
    """23 Nov, 23 nov."""
    return str(format_date(day, worded("d MMM", day)))


def date_medium(day: date) -> str:
    """A day with its year: 12 Oct 2026."""
    return str(format_date(day, "medium"))


def datetime_long(moment: datetime) -> str:
    """Monday 23 November 17:00, lundi 23 novembre à 17:00, in the reader's time zone."""
    return str(format_datetime(moment, worded("EEEE d MMMM HH:mm", to_user_timezone(moment))))


def datetime_exact(moment: datetime) -> str:
    """23 Nov 2026 17:00:05, 23 nov. 2026 à 17:00:05, in the reader's time zone."""
    return str(format_datetime(moment, worded("d MMM y HH:mm:ss", to_user_timezone(moment))))


def worded(pattern: str, day: date, *, says_when: bool = False) -> str:
    """A pattern for this day, by the present language: French says "1er" for the first, and "à" before the time.

    With `says_when` it follows a verb: (submitted) "à 14:05", "le 6 novembre à 14:05".
    """
    if not str(get_locale()).startswith("fr"):
        return pattern
    french = ("'le' " if says_when and pattern.startswith("d ") else "") + pattern
    if day.day == 1:
        french = french.replace("d MMM", "d'er' MMM")
    return french.replace("HH:mm", "'à' HH:mm") if says_when or " HH:mm" in french else french


def zone_of_reader() -> ZoneInfo:
    """The time zone that `datetime_long` shows."""
    return ZoneInfo(chosen_zone())


def safe_next(address: str | None) -> str:
    """An address within the portal, or the home page: nobody is sent elsewhere, nor to more than a header holds."""
    if not address or len(address) > _LONGEST_ADDRESS:
        return url_for("dashboards.home")
    try:
        # Browsers read a backslash as a slash.
        plain = address.replace("\\", "/")
        parts = urlsplit(plain)
    except ValueError:  # such as an IPv6 address without its end
        return url_for("dashboards.home")
    inside = not parts.scheme and not parts.netloc and plain.startswith("/") and not plain.startswith("//")
    return address if inside and address.isprintable() else url_for("dashboards.home")


@bp.get("/lang/<any(en, fr):language>")
@public
def choose_by_link(language: str) -> Response:
    """Show everything in this language for this session; a link changes the cookie alone, nothing that is stored."""
    session["language"] = language
    return redirect(safe_next(request.args.get("next")), 303)
