"""Registering: nobody gets more than what is open to strangers."""

import pytest
from sqlalchemy import func, select

from portal.accounts.models import Facilitator, User
from portal.config import load_settings
from portal.extensions import db
from portal.notifications.delivering import deliver_pending
from tests.support.letters import CHOSEN, link_of, listening, register
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn


def read(app, *columns):
    with app.app_context():
        return db.session.execute(select(*columns).order_by(User.id)).all()


@pytest.fixture
def offering(app):
    """Lets strangers register with these roles."""
    before = app.config["PORTAL"]

    def do(roles: str) -> None:
        app.config["PORTAL"] = before.model_copy(update={"registration_roles": roles})

    yield do
    app.config["PORTAL"] = before


@pytest.mark.parametrize("role", ["admin", "manager", "facilitator", "", "STUDENT", "student\0"])
def test_a_role_that_is_not_open_is_refused(app, client, sent, role):
    answer = register(client, role=role)
    assert answer.status_code == 422
    assert "Nobody can register with this role." in answer.text
    assert read(app, User.id) == []
    assert sent.letters == []


def test_no_second_role_is_slipped_in(app, client):
    answer = register(client, role=["student", "admin"])
    assert answer.status_code == 422
    assert read(app, User.id) == []


def test_with_several_roles_one_is_chosen(app, client, offering, link, sent):
    offering("student,facilitator")
    page = client.get("/register").text
    assert 'value="facilitator"' in page
    assert 'value="student"' in page
    assert "Choose what you are here as." in register(client).text
    assert "Nobody can register" in register(client, role="manager").text
    assert register(client, role="facilitator").status_code == 200
    assert read(app, User.role) == [("facilitator",)]
    with app.app_context():
        assert db.session.scalar(select(func.count(Facilitator.id))) == 1


def test_with_one_role_there_is_nothing_to_choose(client):
    assert 'name="role"' not in client.get("/register").text


def test_nobody_registers_where_it_is_closed(app, client, offering, sent):
    offering("")
    for answer in (client.get("/register"), register(client), register(client, role="student")):
        assert answer.status_code == 404
        assert "Registration is by invitation" in answer.text
    assert read(app, User.id) == []
    assert "/register" not in client.get("/login").text


def test_the_settings_open_no_other_role():
    for role in ("admin", "manager", "student,admin"):
        with pytest.raises(SystemExit):
            load_settings(registration_roles=role, _env_file=None)


def test_a_stranger_sets_nothing_else(app, client, make):
    admin = make.admin(password=PASSWORD)
    more = {
        "is_active": "", "is_confirmed": "1", "session_epoch": "99", "id": str(admin.user_id), "user_id": "1",
        "locale": "fr", "password_hash": "x", "title": "Dr", "last_login_at": "2026-01-01", "time_zone": "UTC",
    }  # fmt: skip
    assert register(client, **more).status_code == 200
    columns = (User.is_active, User.is_confirmed, User.session_epoch, User.locale, User.title, User.last_login_at)
    assert read(app, *columns)[1:] == [(True, False, 0, "en", None, None)]
    assert read(app, User.id)[1][0] != admin.user_id


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"first_name": ""}, "Enter your first name."),
        ({"first_name": "   "}, "Enter your first name."),
        ({"last_name": ""}, "Enter your last name."),
        ({"first_name": "x" * 101}, "Names hold 100 characters"),
        ({"first_name": "x" * 100_000}, "Names hold 100 characters"),
        ({"first_name": "nul\0inside"}, "control character"),
        ({"last_name": "Uwase\r\nBcc: everyone@example.org"}, "control character"),
        ({"last_name": "\u202eesawU"}, "turns the reading order"),
        ({"email": ""}, "Enter your email address."),
        ({"email": "nobody"}, "is not an email address."),
        ({"email": "a@example.org\r\nBcc: b@example.org"}, "is not an email address."),
        ({"email": "a@example.org, b@example.org"}, "is not an email address."),
        ({"email": "Aline <a@example.org>"}, "is not an email address."),
        ({"email": "nul\0@example.org"}, "is not an email address."),
        ({"email": f"{'x' * 250}@example.org"}, "longer than any email address"),
        ({"password": "short", "again": "short"}, "Use at least 10 characters."),
        ({"password": "é" * 40, "again": "é" * 40}, "Use at most 72 characters."),
        ({"password": "aline-uwase-1", "again": "aline-uwase-1"}, "Your name, your address"),
        ({"password": "teachingportal", "again": "teachingportal"}, "Your name, your address"),
        ({"again": "four words in a raw"}, "The two passwords differ."),
    ],
)
def test_what_is_wrong_is_told_at_its_field_and_nothing_is_made(app, client, sent, typed, said):
    answer = register(client, **typed)
    assert answer.status_code == 422
    assert said in answer.text
    assert CHOSEN not in answer.text
    assert read(app, User.id) == []
    assert sent.letters == []


def test_all_that_is_wrong_is_told_at_once_in_the_order_of_the_page(client):
    said = register(client, first_name="", email="nobody", again="").text.partition("</ul>")[0]
    places = [said.find(text) for text in ("Enter your first", "is not an email", "Type the password a second")]
    assert -1 not in places
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("first", "last"), [("ያሬድ", "ተስፋዬ"), ("محمد", "العربي"), ("Zoë 🌻", "O’Neill-Žižek"), ("می‌خواهم", "x")]
)
def test_names_of_every_script_are_kept(app, client, first, last):
    assert register(client, first_name=f"  {first} ", last_name=last).status_code == 200
    assert read(app, User.first_name, User.last_name) == [(first, last)]


def test_a_name_cannot_add_a_header_to_the_mail(fresh_app, mail_files):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    register(fresh_app.test_client(), first_name='Aline" <boss@example.org>,', last_name="Uwase, Bcc: all@example.org")
    with fresh_app.app_context():
        deliver_pending(fresh_app.config["PORTAL"])
    mails = mail_files(fresh_app)
    assert len(mails) == 1
    assert [address.addr_spec for address in mails[0]["To"].addresses] == ["aline@example.org"]
    assert mails[0]["Bcc"] is None


def test_the_mail_brings_the_link(fresh_app, mail_files):
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    client = fresh_app.test_client()
    with listening() as sent:
        register(client)
    with fresh_app.app_context():
        deliver_pending(fresh_app.config["PORTAL"])
        address = link_of(sent.letters[0])
    body = mail_files(fresh_app)[0].get_body(("plain",)).get_content()
    assert address in body
    assert client.post(address, data={"password": CHOSEN}).status_code == 303


def test_registering_is_limited_for_each_network_address(build_fresh_app):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="1 per 15 minutes")
    app.config["WTF_CSRF_ENABLED"] = False
    codes = [register(app.test_client(), email="nobody").status_code for _ in range(21)]
    assert codes == [422] * 20 + [429]
    elsewhere = app.test_client().post("/register", data={}, environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert elsewhere.status_code == 422


def test_whoever_is_signed_in_needs_no_account(client, make, sign_in):
    sign_in(client, make.student())
    assert client.get("/register").headers["Location"] == "/"


def test_forms_without_their_token_are_refused(fresh_app):
    client = fresh_app.test_client()
    assert register(client).status_code == 400
    assert client.post("/confirm/x", data={"password": CHOSEN}).status_code == 400
