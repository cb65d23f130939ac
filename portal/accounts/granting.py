"""Signing in by the JSON API: the same proof and the same further steps as by the pages, and tokens for a session."""

import hashlib
import hmac
from dataclasses import replace

from flask import current_app, g

from portal.accounts.devices import present_browser
from portal.accounts.entering import OnTheWay, present_step, tell_of_new_device
from portal.accounts.models import SignInOutcome
from portal.accounts.proving import Proved
from portal.accounts.services.attempts import settle
from portal.accounts.services.devices import Browser
from portal.accounts.services.refresh_tokens import Grant, begin_family
from portal.accounts.services.signing_in import Entry, note_entry
from portal.errors import NotAllowed, lazy
from portal.extensions import db
from portal.web.access import Actor


def grant_tokens(proved: Proved) -> Grant:
    """What a person who has proved their password is given; to be committed.

    Raises NotAllowed, and commits that, for someone who would be asked for a further proof: only the pages ask for it.
    """
    person = proved.person
    if present_step(OnTheWay(person, "password")) is not None:
        settle(proved.attempt_id, SignInOutcome.REFUSED)
        db.session.commit()
        raise NotAllowed(lazy("Your account asks for a second proof. Sign in on the web pages."))
    client = _present_client()
    met = note_entry(person, Entry("password", client, proved.attempt_id), current_app.config["SECRET_KEY"])
    if met.surprising:
        tell_of_new_device(person, client, met)
    return begin_family(person.id, person.session_epoch, Actor(person.id, g.get("request_id")))


def _present_client() -> Browser:
    """The program that asks. It keeps no cookie, so it is known again by what it says of itself and where it is."""
    client = present_browser()
    said = f"client:{client.user_agent}:{client.network_address}".encode()
    return replace(client, secret=hmac.new(current_app.config["SECRET_KEY"].encode(), said, hashlib.sha256).hexdigest())
