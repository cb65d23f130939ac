"""Signing in with an account at another provider: who gets in, who is connected, who is not. The provider is real."""

import pytest
from sqlalchemy import select

from portal.accounts.models import Student, User, UserSession
from portal.extensions import db
from portal.notifications.models import Notification
from portal.roles import Role
from tests.support.openid import account, actions, identities, is_in, use, user_id_of
from tests.support.people import PASSWORD

pytestmark = pytest.mark.in_turn

# --- nobody here has the address


def test_someone_of_the_institution_gets_an_account(sso, client, walk_in):
    answer = walk_in(client, "ada")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert is_in(client)
    ada = account(sso, "ada@uni.example")
    assert (ada.role, ada.first_name, ada.last_name, ada.locale) == (Role.STUDENT, "Ada", "Byron", "fr")
    assert (ada.password_hash, ada.is_confirmed, ada.is_active) == (None, True, True)
    with sso.app_context():
        assert db.session.scalar(select(Student.id).where(Student.user_id == ada.id)) is not None
        assert db.session.scalars(select(UserSession.method).where(UserSession.user_id == ada.id)).all() == ["oidc"]
        assert db.session.scalars(select(Notification.kind)).all() == []
    assert identities(sso) == [("ada", ada.id)]
    assert actions(sso) == [("create", "users", None), ("connect", "identities", ada.id)]


def test_the_second_time_it_is_the_same_account(sso, client, new_client, walk_in):
    walk_in(client, "ada")
    other = new_client()
    walk_in(other, "ada")
    assert user_id_of(other) == user_id_of(client)
    assert len(identities(sso)) == 1


def test_the_identity_counts_and_not_the_address(sso, client, make, walk_in):
    walk_in(client, "ada")
    with sso.app_context():
        db.session.scalar(select(User).where(User.email == "ada@uni.example")).email = "ada.byron@uni.example"
        db.session.commit()
    make.student(email="ada@uni.example")
    client.post("/logout")
    walk_in(client, "ada")
    assert user_id_of(client) == account(sso, "ada.byron@uni.example").id


def test_subjects_that_differ_in_case_alone_are_two_people(sso, client, new_client, walk_in):
    walk_in(client, "ada")
    other = new_client()
    walk_in(other, "ADA")
    assert is_in(client)
    assert is_in(other)
    assert user_id_of(client) != user_id_of(other)
    assert [subject for subject, _ in identities(sso)] == ["ada", "ADA"]


def test_names_are_kept_as_they_can_be_kept(sso, client, walk_in):
    assert walk_in(client, "odd").status_code == 303
    odd = account(sso, "odd@uni.example")
    assert odd.first_name == "Zoë " + "x" * 96
    assert odd.last_name == "👩‍🏫 עדה"
    assert odd.locale == "en"


def test_without_a_name_the_address_gives_one(sso, client, walk_in):
    walk_in(client, "nameless")
    assert account(sso, "nameless@uni.example").first_name == "nameless"


def test_a_name_in_one_piece_is_parted(sso, client, walk_in):
    walk_in(client, "ADA")
    other = account(sso, "other.ada@uni.example")
    assert (other.first_name, other.last_name) == ("Other", "Ada")


def test_a_strangers_domain_gets_no_account(sso, client, walk_in):
    answer = walk_in(client, "grace")
    assert answer.status_code == 403
    assert "Nobody can sign in here as grace@elsewhere.example" in answer.text
    assert account(sso, "grace@elsewhere.example") is None
    assert identities(sso) == []
    assert not is_in(client)


def test_without_domains_nobody_gets_an_account(sso, client, walk_in, monkeypatch):
    use(sso, monkeypatch, oidc_allowed_domains="")
    assert walk_in(client, "ada").status_code == 403
    assert identities(sso) == []


@pytest.mark.parametrize(
    "domains", ["example", "niversity.example", ".uni.example", "sub.uni.example", "uni.example.org"]
)
def test_a_domain_that_only_looks_alike_is_another(sso, client, walk_in, monkeypatch, domains):
    use(sso, monkeypatch, oidc_allowed_domains=domains)
    assert walk_in(client, "ada").status_code == 403


def test_where_nobody_may_register_nobody_gets_an_account(sso, client, walk_in, monkeypatch):
    use(sso, monkeypatch, registration_roles="")
    assert walk_in(client, "ada").status_code == 403
    assert account(sso, "ada@uni.example") is None


def test_the_default_role_is_the_first_that_may_register(sso, client, walk_in, monkeypatch):
    use(sso, monkeypatch, registration_roles="facilitator, student")
    walk_in(client, "ada")
    assert account(sso, "ada@uni.example").role is Role.FACILITATOR


def test_an_address_that_the_provider_has_not_checked_makes_no_account(sso, client, walk_in):
    answer = walk_in(client, "linus")
    assert answer.status_code == 403
    assert "has not checked that linus@uni.example is your address" in answer.text
    assert account(sso, "linus@uni.example") is None


def test_a_provider_that_tells_no_address_makes_no_account(sso, client, walk_in):
    answer = walk_in(client, "silent")
    assert answer.status_code == 403
    assert "did not tell us your email address" in answer.text


# --- the address has an account


def test_an_address_of_the_institution_is_connected_at_once(sso, client, make, walk_in):
    ada = make.manager(email="ada@uni.example", password=PASSWORD)
    assert walk_in(client, "ada").status_code == 303
    assert user_id_of(client) == ada.user_id
    assert identities(sso) == [("ada", ada.user_id)]
    assert ("connect", "identities", ada.user_id) in actions(sso)
    with sso.app_context():
        told = db.session.execute(select(Notification.kind, Notification.recipient_id, Notification.params)).one()
    assert (told[0], told[1]) == ("identity_linked", ada.user_id)
    assert told[2]["email"] == "ada@uni.example"
    assert client.post("/logout").status_code == 303
    assert client.post("/login", data={"email": ada.email, "password": PASSWORD}).status_code == 303


def test_an_address_that_is_not_checked_is_not_connected(sso, client, make, walk_in):
    make.student(email="linus@uni.example", password=PASSWORD)
    assert walk_in(client, "linus").status_code == 403
    assert identities(sso) == []
    assert not is_in(client)
    assert client.post("/login", data={"email": "linus@uni.example", "password": PASSWORD}).status_code == 303
    assert identities(sso) == []


def test_an_account_that_was_closed_stays_closed(sso, client, make, walk_in):
    make.student(email="ada@uni.example", is_active=False)
    answer = walk_in(client, "ada")
    assert answer.status_code == 403
    assert "Nobody can sign in here as ada@uni.example" in answer.text
    assert identities(sso) == []


def test_a_connected_account_that_was_closed_stays_closed(sso, client, walk_in):
    walk_in(client, "ada")
    with sso.app_context():
        db.session.scalar(select(User).where(User.email == "ada@uni.example")).is_active = False
        db.session.commit()
    assert walk_in(client, "ada").status_code == 403
    assert not is_in(client)


def test_who_registered_anothers_address_does_not_get_in_with_them(sso, client, new_client, make, walk_in):
    make.student(email="ada@uni.example", password=PASSWORD, is_confirmed=False)
    assert walk_in(client, "ada").status_code == 303
    ada = account(sso, "ada@uni.example")
    assert (ada.is_confirmed, ada.password_hash) == (True, None)
    assert "The password from your registration no longer works" in client.get("/profile").text
    stranger = new_client()
    assert stranger.post("/login", data={"email": ada.email, "password": PASSWORD}).status_code == 422
    assert ("confirm_address", "users", ada.id) in actions(sso)


def test_a_known_identity_confirms_its_own_address_alone(sso, client, walk_in):
    walk_in(client, "ada")
    client.post("/logout")
    with sso.app_context():
        db.session.scalar(select(User).where(User.email == "ada@uni.example")).is_confirmed = False
        db.session.commit()
    assert walk_in(client, "ada").status_code == 303
    client.post("/logout")
    assert account(sso, "ada@uni.example").is_confirmed
    with sso.app_context():
        ada = db.session.scalar(select(User).where(User.email == "ada@uni.example"))
        ada.is_confirmed, ada.email = False, "someone.else@uni.example"
        db.session.commit()
    answer = walk_in(client, "ada")
    assert answer.status_code == 403
    assert "Confirm your email address first" in answer.text
