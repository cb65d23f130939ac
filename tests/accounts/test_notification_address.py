"""Another address for notifications: nothing goes there before the link that was sent to it was followed."""

import re
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from portal import clock
from portal.accounts import signals
from portal.accounts.models import OneTimeToken, User
from portal.accounts.services import Purpose
from portal.accounts.services.notification_address import confirm
from portal.accounts.services.tokens import derive_token
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import NotFound
from portal.extensions import db
from portal.notifications.delivering import deliver_pending

pytestmark = pytest.mark.in_turn

NEW = "else@example.org"
ASK = "/profile/notification-address"


@pytest.fixture
def ada(make):
    return make.student(first_name="Ada", last_name="Uwase", email="ada@example.org")


@pytest.fixture
def signed_in(client, ada, sign_in):
    sign_in(client, ada)
    return client


@pytest.fixture
def letters():
    """The letters that were announced."""
    sent = []

    def note(_sender, letters):
        sent.extend(letters)

    with signals.letters_due.connected_to(note):
        yield sent


@pytest.fixture
def link(app):
    """Gives the address of the newest link for a person."""

    def make_link(person):
        with app.app_context():
            wanted = select(OneTimeToken.nonce).where(OneTimeToken.user_id == person.user_id)
            nonce = db.session.scalars(wanted.order_by(OneTimeToken.id.desc())).first()
        return f"/profile/address/{derive_token(app.config['SECRET_KEY'], Purpose.NOTIFICATION_ADDRESS, nonce)}"

    return make_link


@pytest.fixture
def used(app):
    """Gives the address for notifications that a person's account has."""

    def read(person):
        with app.app_context():
            return db.session.scalar(select(User.notification_email).where(User.id == person.user_id))

    return read


def test_a_new_address_is_used_only_after_its_link_was_followed(signed_in, ada, letters, link, used):
    answer = signed_in.post(ASK, data={"address": " Else@Example.ORG "})
    assert (answer.status_code, answer.location) == (303, "/profile")
    assert [(one.user_id, one.purpose) for one in letters] == [(ada.user_id, "notification_address")]
    assert used(ada) is None
    page = signed_in.get("/profile").text
    assert f"{NEW} waits for its confirmation." in page
    assert "We sent a link to else@example.org." in page
    shown = signed_in.get(link(ada))
    assert NEW in shown.text
    assert "Ada Uwase" in shown.text
    assert used(ada) is None, "a GET changes nothing: mail readers follow links by themselves"
    assert signed_in.post(link(ada)).location == "/profile"
    assert used(ada) == NEW
    page = signed_in.get("/profile").text
    assert f'value="{NEW}"' in page
    assert "waits for its confirmation" not in page


def test_the_link_works_without_signing_in_and_says_whose_it_is(signed_in, new_client, ada, link, used):
    signed_in.post(ASK, data={"address": NEW})
    stranger = new_client()
    assert "ada@example.org" in stranger.get(link(ada)).text
    answer = stranger.post(link(ada))
    assert answer.status_code == 200
    assert "The address is confirmed" in answer.text
    assert used(ada) == NEW
    assert stranger.get("/profile").status_code == 303, "nobody is signed in by it"


def test_another_person_who_follows_it_changes_the_account_that_it_is_for(
    signed_in, new_client, ada, make, sign_in, link, used
):
    other, browser = make.student(), new_client()
    sign_in(browser, other)
    signed_in.post(ASK, data={"address": NEW})
    assert browser.post(link(ada)).status_code == 200
    assert (used(ada), used(other)) == (NEW, None)


def test_it_works_once(signed_in, ada, link, used):
    signed_in.post(ASK, data={"address": NEW})
    first = link(ada)
    signed_in.post(first)
    signed_in.post(ASK, data={"address": ""})
    assert used(ada) is None
    for answer in (signed_in.get(first), signed_in.post(first)):
        assert answer.status_code == 404
        assert "This link no longer works" in answer.text
    assert used(ada) is None


def test_of_two_at_once_one_is_told_that_it_is_over(app, signed_in, ada, link, monkeypatch):
    signed_in.post(ASK, data={"address": NEW})
    token = link(ada).rpartition("/")[2]
    monkeypatch.setattr("portal.accounts.services.notification_address.use_token", lambda *_link: False)
    with app.app_context(), pytest.raises(NotFound):
        confirm(token, System())


def test_it_is_over_after_seven_days(frozen_time, signed_in, ada, link, used):
    signed_in.post(ASK, data={"address": NEW})
    frozen_time.shift(7 * 24 * 3600)
    assert signed_in.post(link(ada)).status_code == 404
    assert used(ada) is None


def test_sending_again_ends_the_earlier_link(signed_in, ada, letters, link):
    signed_in.post(ASK, data={"address": NEW})
    first = link(ada)
    assert signed_in.post(f"{ASK}/again").status_code == 303
    assert len(letters) == 2
    assert signed_in.get(first).status_code == 404
    assert signed_in.get(link(ada)).status_code == 200


def test_a_withdrawn_address_waits_no_more(signed_in, ada, link, used, letters):
    signed_in.post(ASK, data={"address": NEW})
    assert signed_in.post(f"{ASK}/withdraw").status_code == 303
    assert "waits for its confirmation" not in signed_in.get("/profile").text
    assert signed_in.post(link(ada)).status_code == 404
    signed_in.post(f"{ASK}/again")
    assert len(letters) == 1, "there is nothing to send again"
    assert used(ada) is None


def test_another_address_takes_the_place_of_the_one_that_waits(signed_in, ada, link, used):
    signed_in.post(ASK, data={"address": NEW})
    first = link(ada)
    signed_in.post(ASK, data={"address": "third@example.org"})
    assert signed_in.post(first).status_code == 404
    signed_in.post(link(ada))
    assert used(ada) == "third@example.org"


def test_empty_and_the_accounts_own_address_need_no_proof(signed_in, ada, link, used, letters):
    for typed in ("", "ADA@example.org"):
        signed_in.post(ASK, data={"address": NEW})
        signed_in.post(link(ada))
        assert used(ada) == NEW
        letters.clear()
        signed_in.post(ASK, data={"address": typed})
        assert used(ada) is None
        assert letters == []


def test_going_back_to_the_address_in_use_withdraws_what_waits(signed_in, ada, link, used, letters):
    signed_in.post(ASK, data={"address": NEW})
    signed_in.post(link(ada))
    signed_in.post(ASK, data={"address": "third@example.org"})
    signed_in.post(ASK, data={"address": NEW})
    assert used(ada) == NEW
    assert len(letters) == 2
    assert "waits for its confirmation" not in signed_in.get("/profile").text


@pytest.mark.parametrize(
    "typed",
    [
        "nobody", "a@b", "a b@example.org", "a@example.org\r\nBcc: b@example.org", "a@example.org\x00", "@example.org",
        "a@example.org,b@example.org", "x" * 300 + "@example.org", "\u202e@example.org", "a@" + "x" * 400_000,
        "\"a\nb\"@example.org",
    ],
    ids=lambda typed: ascii(typed[:20]),
)  # fmt: skip
def test_what_is_no_address_is_said_beside_its_field(signed_in, ada, letters, used, typed):
    answer = signed_in.post(ASK, data={"address": typed})
    assert answer.status_code == 422
    assert "is not an email address" in answer.text
    assert 'id="address-error"' in answer.text
    assert letters == []


def test_nobody_has_more_than_five_letters_a_day_sent(frozen_time, signed_in, letters, ada):
    for number in range(5):
        signed_in.post(ASK, data={"address": f"n{number}@example.org"})
    answer = signed_in.post(ASK, data={"address": "n5@example.org"})
    assert answer.status_code == 422
    assert "Try again tomorrow." in answer.text
    assert 'value="n5@example.org"' in answer.text
    signed_in.post(f"{ASK}/again")
    assert "Try again tomorrow." in signed_in.get("/profile").text
    assert len(letters) == 5


def test_a_closed_account_takes_no_address(app, signed_in, ada, link, used):
    signed_in.post(ASK, data={"address": NEW})
    address = link(ada)
    with app.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert signed_in.post(address).status_code == 404
    assert used(ada) is None


@pytest.mark.parametrize("token", ["x", "x" * 43, "%00", "é" * 43, "x" * 5000])
def test_a_link_that_nobody_was_sent_opens_nothing(client, token):
    assert client.get(f"/profile/address/{token}").status_code == 404
    assert client.post(f"/profile/address/{token}").status_code == 404


def test_a_link_for_something_else_opens_nothing_here(app, client, ada):
    from portal.accounts.services.tokens import issue_token

    with app.app_context():
        issued = issue_token(ada.user_id, Purpose.RESET, app.config["SECRET_KEY"])
        db.session.commit()
    assert client.post(f"/profile/address/{issued.token}").status_code == 404


def test_the_audit_says_what_was_asked_and_what_is_used(app, signed_in, ada, link):
    signed_in.post(ASK, data={"address": NEW})
    signed_in.post(link(ada))
    with app.app_context():
        wanted = select(AuditEvent.actor_id, AuditEvent.action, AuditEvent.changes).order_by(AuditEvent.id)
        events = db.session.execute(wanted).all()
    assert events[-2:] == [
        (ada.user_id, "ask_notification_address", {"pending_address": [None, NEW]}),
        (ada.user_id, "choose_notification_address", {"notification_email": [None, NEW]}),
    ]
    assert link(ada).rpartition("/")[2] not in str(events)


def test_the_letter_goes_to_the_new_address_and_the_rest_follows_only_after_its_link(
    app, signed_in, ada, make, mail_files
):
    def deliver():
        with app.app_context():
            deliver_pending(app.config["PORTAL"])
        return mail_files(app)

    def tell(day):
        with app.app_context():
            signals.tell([signals.Notice(ada.user_id, "deletion_asked", {"user_id": ada.user_id}, f"told:{day}")])
            db.session.commit()

    signed_in.post(ASK, data={"address": NEW})
    (letter,) = deliver()
    assert NEW in letter["To"]
    assert ada.email not in letter["To"]
    tell(1)
    assert ada.email in deliver()[-1]["To"]
    found = re.search(r"/profile/address/[\w-]{43}", letter.get_body(("plain",)).get_content())
    signed_in.post(found[0])
    with time_machine.travel(clock.now() + timedelta(days=1)):  # one mail a day goes there
        tell(2)
        assert [NEW in mail["To"] for mail in deliver()] == [True, False, True]
