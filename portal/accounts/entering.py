"""Signing in as a sequence of steps: a first proof, further ones if the person needs any, then the session.

Until the last step is passed the cookie holds who is on the way in, signed, and nobody is signed in.
A further proof is one more `Step` and the page at its address: that page asks `on_the_way` whose
proof it wants and calls `go_on` once it has it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, current_app, flash, g, jsonify, redirect, request, session, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from portal import clock
from portal.accounts import queries
from portal.accounts.devices import known_browser, name_of_device, remember_browser
from portal.accounts.openid.flows import WAITING, forget_waiting
from portal.accounts.openid.waiting import link_pending
from portal.accounts.queries import Person
from portal.accounts.services.devices import Browser, Met
from portal.accounts.services.signing_in import Entry, enter
from portal.accounts.sessions import be, start_anew
from portal.accounts.signals import Notice, tell
from portal.config.present import present_settings
from portal.extensions import db
from portal.web.locale import safe_next

_STEPS = "portal_sign_in_steps"
_PENDING = "entering"
_LASTS = timedelta(minutes=10)
# The cookie has room for 4 kB.
_LONGEST_ADDRESS = 1000


@dataclass(frozen=True, slots=True)
class Step:
    """A further proof: whether a person needs it, and the address of the page that asks for it."""

    name: str
    is_needed: Callable[[Person], bool]
    address: Callable[[Person], str]


@dataclass(frozen=True, slots=True)
class OnTheWay:
    """Someone who has shown a first proof, by `method`, and passed these steps; they were going to `next`."""

    person: Person
    method: str
    passed: tuple[str, ...] = ()
    next: str = ""
    attempt_id: int | None = None


def add_step(app: Flask, step: Step) -> None:
    """Ask for a further proof after those that are there."""
    app.extensions.setdefault(_STEPS, []).append(step)


def begin_sign_in(
    person: Person, method: str, *, next_address: str | None = "", attempt_id: int | None = None
) -> Response:
    """What a first proof ends in: commits, then gives the answer, which is the next step or the way in.

    Messages are flashed after it: it forgets what a stranger left in the session. `attempt_id` is
    the row of an attempt that was noted before the proof was looked at.
    """
    waiting = session.get(WAITING)
    start_anew()
    if waiting:
        session[WAITING] = waiting
    wanted = next_address if next_address and len(next_address) <= _LONGEST_ADDRESS else ""
    coming = OnTheWay(person, method, (), wanted, attempt_id)
    session[_PENDING] = {
        "user": person.id,
        "epoch": person.session_epoch,
        "method": method,
        "next": coming.next,
        "attempt": attempt_id,
        "began": clock.now().isoformat(),
        "passed": [],
    }
    return _advance(coming)


def on_the_way() -> OnTheWay | None:
    """Who is on the way in; None when nobody is, it took too long, or the account has changed meanwhile."""
    kept: dict[str, Any] | None = session.get(_PENDING)
    if kept is None or clock.now() - datetime.fromisoformat(kept["began"]) >= _LASTS:
        return None
    person = queries.find_person(kept["user"])
    if person is None or not person.is_active or person.session_epoch != kept["epoch"]:
        return None
    return OnTheWay(person, kept["method"], tuple(kept["passed"]), kept["next"], kept["attempt"])


def present_step(coming: OnTheWay) -> Step | None:
    """The first step that a person still has to pass."""
    steps: list[Step] = current_app.extensions.get(_STEPS, [])
    left = (step for step in steps if step.name not in coming.passed)
    return next((step for step in left if step.is_needed(coming.person)), None)


def go_on(passed: str) -> Response:
    """The answer after a person has passed the step of this name; one whose turn it is not is passed by nobody."""
    coming = on_the_way()
    if coming is None:
        return too_late()
    step = present_step(coming)
    if step is not None and step.name == passed:
        coming = OnTheWay(coming.person, coming.method, (*coming.passed, passed), coming.next, coming.attempt_id)
        session[_PENDING] = session[_PENDING] | {"passed": list(coming.passed)}
    return _advance(coming)


def too_late() -> Response:
    """Back to the start, for a step's page that finds nobody on the way in."""
    session.pop(_PENDING, None)
    said = _("That took too long. Sign in once more.")
    if in_a_dialog():
        return _in_json({"error": said}, 400)
    flash(said, "problem")
    return redirect(url_for("accounts.sign_in"), 303)


def in_a_dialog() -> bool:
    """Whether a page at work asks, whose session has ended; it is told in JSON and goes on where it stands."""
    return request.headers.get("X-Reauth") == "1"


def _advance(coming: OnTheWay) -> Response:
    step = present_step(coming)
    if step is None:
        return _let_in(coming)
    db.session.commit()
    address = step.address(coming.person)
    if in_a_dialog():
        return _in_json({"step": address, "csrf": _fresh_token()})
    return redirect(address, 303)


def _let_in(coming: OnTheWay) -> Response:
    browser, person = known_browser(), coming.person
    entry = Entry(coming.method, browser, coming.attempt_id)
    lasts = present_settings().session_lifetime
    begun, met = enter(person, entry, lasts=lasts, key=current_app.config["SECRET_KEY"])
    if met.surprising:
        tell_of_new_device(person, browser, met)
    connected = link_pending(person, g.get("request_id"))
    db.session.commit()
    forget_waiting()
    session.pop(_PENDING, None)
    be(person, begun)
    if connected:
        said = _("%(provider)s, %(email)s, opens your account from now on.", **connected.named())
        flash(said, "done")
    if in_a_dialog():
        response = _in_json({"csrf": _fresh_token(), "person": person.id})
    else:
        response = redirect(safe_next(coming.next), 303)
    remember_browser(response, browser)
    return response


def tell_of_new_device(person: Person, browser: Browser, met: Met) -> None:
    """Have a person told that they signed in where they never had before."""
    with force_locale(person.locale):
        device = name_of_device(browser.user_agent)
    facts = {"device": device, "network_address": browser.network_address or "", "at": clock.now().isoformat()}
    tell([Notice(person.id, "new_sign_in", facts, f"new_sign_in:{met.id}")])


def _in_json(facts: dict[str, Any], status: int = 200) -> Response:
    response = jsonify(facts)
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response


def _fresh_token() -> str:
    g.pop("csrf_token", None)
    return str(generate_csrf())
