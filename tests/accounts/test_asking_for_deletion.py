"""Asking for one's account to be deleted, and thinking better of it."""

import pytest
from sqlalchemy import select

from portal.accounts import signals
from portal.accounts.models import SignIn, User
from portal.audit.models import AuditEvent
from portal.extensions import db
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

ASK = "/profile/data/deletion"
WITHDRAW = f"{ASK}/withdraw"


@pytest.fixture
def ada(make):
    return make.student(password=PASSWORD)


@pytest.fixture
def signed_in(client, ada, sign_in):
    sign_in(client, ada)
    return client


@pytest.fixture
def notices():
    sent = []

    def note(_sender, notices):
        sent.extend(notices)

    with signals.notices_due.connected_to(note):
        yield sent


@pytest.fixture
def asked_at(app):
    def read(person):
        with app.app_context():
            return db.session.scalar(select(User.deletion_asked_at).where(User.id == person.user_id))

    return read


def actions(app, person):
    with app.app_context():
        wanted = select(AuditEvent.action).where(AuditEvent.entity == "users", AuditEvent.entity_id == person.user_id)
        return db.session.scalars(wanted.order_by(AuditEvent.id)).all()


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get(ASK).status_code == 303
    assert client.post(ASK, data={"password": PASSWORD}).status_code == 303
    assert client.post(WITHDRAW).status_code == 303


def test_what_goes_and_what_stays_is_said_before(signed_in):
    for address in ("/profile/data", ASK):
        page = signed_in.get(address).text
        assert "This goes" in page
        assert "This stays, without your name" in page
        assert "nobody can undo it" in page


def test_a_get_asks_for_nothing(signed_in, ada, asked_at):
    signed_in.get(f"{ASK}?password={PASSWORD}")
    assert asked_at(ada) is None


def test_it_is_kept_told_to_every_active_administrator_and_can_be_withdrawn(
    app, frozen_time, client, ada, make, sign_in, notices, asked_at
):
    admins = [make.admin(), make.admin()]
    make.admin(is_active=False)
    make.manager()
    sign_in(client, ada)
    answer = client.post(ASK, data={"password": PASSWORD})
    assert (answer.status_code, answer.location) == (303, "/profile/data")
    assert asked_at(ada) is not None
    assert [(one.user_id, one.kind, one.params) for one in notices] == [
        (admin.user_id, "deletion_asked", {"user_id": ada.user_id}) for admin in admins
    ]
    page = client.get("/profile/data").text
    assert "You asked for your account to be deleted." in page
    assert "Delete my account" not in page
    assert client.post(WITHDRAW).status_code == 303
    assert asked_at(ada) is None
    assert "Delete my account" in client.get("/profile/data").text
    assert actions(app, ada) == ["ask_deletion", "withdraw_deletion"]


def test_asking_or_withdrawing_twice_changes_nothing(app, signed_in, ada, make, notices, asked_at):
    make.admin()
    signed_in.post(ASK, data={"password": PASSWORD})
    first = asked_at(ada)
    signed_in.post(ASK, data={"password": PASSWORD})
    assert asked_at(ada) == first
    assert len(notices) == 1
    signed_in.post(WITHDRAW)
    signed_in.post(WITHDRAW)
    assert actions(app, ada) == ["ask_deletion", "withdraw_deletion"]


def test_whoever_changes_their_mind_often_tells_the_administrators_once_a_day(frozen_time, client, ada, sign_in, make):
    admin = make.admin()
    sign_in(client, ada)
    for _ in range(3):
        client.post(ASK, data={"password": PASSWORD})
        client.post(WITHDRAW)
    sign_in(client, admin)
    told = client.get("/profile/data.json").json["notifications"]
    assert [one["kind"] for one in told] == ["deletion_asked"]


@pytest.mark.parametrize("typed", ["", "wrong", PASSWORD + " ", "x" * 100_000, "\x00", "é" * 72])
def test_another_password_asks_for_nothing(signed_in, ada, asked_at, typed):
    answer = signed_in.post(ASK, data={"password": typed})
    assert answer.status_code == 422
    assert 'id="password-error"' in answer.text
    assert typed not in answer.text or len(typed) < 2
    assert asked_at(ada) is None


def test_guesses_count_as_at_sign_in(build_fresh_app, sign_in, frozen_time):
    from tests.support.web import Maker

    app = build_fresh_app(ratelimit_enabled=True)
    app.config["WTF_CSRF_ENABLED"] = False
    person = Maker(app).student(password=PASSWORD)
    client = app.test_client()
    sign_in(client, person)
    statuses = [client.post(ASK, data={"password": f"wrong {number}"}).status_code for number in range(8)]
    assert statuses[0] == 422
    assert statuses[-1] == 429
    answer = client.post(ASK, data={"password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_the_proof_is_no_failed_attempt(app, signed_in, ada):
    signed_in.post(ASK, data={"password": PASSWORD})
    with app.app_context():
        assert db.session.scalars(select(SignIn.outcome).where(SignIn.user_id == ada.user_id)).all() == ["succeeded"]


def test_who_has_no_password_is_not_asked_for_one(client, make, sign_in, asked_at):
    person = make.student()
    sign_in(client, person)
    assert 'type="password"' not in client.get(ASK).text.partition("goes-and-stays")[2].partition("</form>")[0]
    assert client.post(ASK).status_code == 303
    assert asked_at(person) is not None


def test_the_only_administrator_is_told_what_to_do_first(client, make, sign_in, asked_at):
    admin = make.admin(password=PASSWORD)
    sign_in(client, admin)
    client.post(ASK, data={"password": PASSWORD})
    assert "This is the only administrator." in client.get("/profile/data").text
    assert asked_at(admin) is None


def test_nobody_asks_for_someone_else(signed_in, make, asked_at):
    other = make.student()
    signed_in.post(f"{ASK}?user_id={other.user_id}", data={"password": PASSWORD, "user_id": other.user_id})
    assert asked_at(other) is None


def test_a_form_without_its_token_is_refused(fresh_app, make_fresh, sign_in):
    client = fresh_app.test_client()
    sign_in(client, make_fresh.student())
    assert client.post(ASK).status_code == 400
    assert client.post(WITHDRAW).status_code == 400
