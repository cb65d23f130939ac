"""What people say of themselves, in which language and time the portal speaks to them, and nothing else."""

import pytest
from sqlalchemy import select, update

from portal.accounts.models import User
from portal.accounts.services import profile as services
from portal.accounts.services.profile import BIO_LIMIT, ProfileDraft
from portal.accounts.zones import canonical_zones, zones_by_region
from portal.audit.models import AuditEvent
from portal.audit.services import System
from portal.errors import NotFound
from portal.extensions import db
from portal.roles import Role

pytestmark = pytest.mark.in_turn

SHOWN = {"first_name": "Ada", "last_name": "Uwase", "title": "", "bio": "", "locale": "en", "time_zone": ""}


@pytest.fixture
def ada(make):
    return make.facilitator(first_name="Ada", last_name="Uwase")


@pytest.fixture
def signed_in(client, ada, sign_in):
    sign_in(client, ada)
    return client


def filled(**wanted):
    """The form as a browser sends it: what was shown, and what is wanted instead."""
    return {f"was_{name}": value for name, value in SHOWN.items()} | SHOWN | wanted


@pytest.fixture
def stored(app):
    """Gives what the database holds of a person."""

    def read(person):
        with app.app_context():
            return db.session.execute(select(User.__table__).where(User.id == person.user_id)).one()

    return read


@pytest.fixture
def events(app):
    """Gives the changes of a person's account that the audit holds."""

    def read(person):
        of_person = (AuditEvent.entity == "users", AuditEvent.entity_id == person.user_id)
        with app.app_context():
            return db.session.execute(
                select(AuditEvent.actor_id, AuditEvent.changes).where(*of_person, AuditEvent.action == "update")
            ).all()

    return read


@pytest.fixture
def put(app):
    """Writes columns of every account, past all rules."""

    def write(**columns):
        with app.app_context():
            db.session.execute(update(User.__table__).values(**columns))
            db.session.commit()

    return write


def test_a_stranger_is_asked_to_sign_in(client):
    assert client.get("/profile").status_code == 303
    assert client.post("/profile", data=filled()).status_code == 303


def test_the_account_menu_leads_to_the_profile(signed_in):
    assert 'href="/profile"' in signed_in.get("/notifications/").text


def test_the_tabs_show_the_pages_that_there_are(signed_in, app):
    page = signed_in.get("/profile").text
    assert 'href="/profile" aria-current="page"' in page
    assert 'href="/profile/sessions"' in page
    assert "/profile/connections" not in page


def test_what_is_changed_is_kept_with_before_and_after(signed_in, ada, stored, events):
    wanted = {"first_name": "Adèle", "title": "Dr", "bio": "Two\r\nlines", "locale": "fr", "time_zone": "Africa/Cairo"}
    answer = signed_in.post("/profile", data=filled(**wanted))
    assert (answer.status_code, answer.location) == (303, "/profile")
    user = stored(ada)
    assert (user.first_name, user.last_name, user.title) == ("Adèle", "Uwase", "Dr")
    assert (user.bio, user.locale, user.time_zone) == ("Two\nlines", "fr", "Africa/Cairo")
    assert user.name_folded == "uwase adele"
    (event,) = events(ada)
    assert event.actor_id == ada.user_id
    assert event.changes == {
        "first_name": ["Ada", "Adèle"], "title": [None, "Dr"], "bio": [None, "Two\nlines"], "locale": ["en", "fr"],
        "time_zone": [None, "Africa/Cairo"],
    }  # fmt: skip
    page = signed_in.get("/profile").text
    assert '<html lang="fr">' in page
    assert "Adèle" in page


def test_what_is_not_changed_leaves_no_trace(signed_in, ada, events):
    assert signed_in.post("/profile", data=filled()).status_code == 303
    assert events(ada) == []


def test_what_is_emptied_is_kept_as_nothing(signed_in, ada, make, stored, put):
    put(title="Dr", bio="x", time_zone="UTC")
    was = {"was_title": "Dr", "was_bio": "x", "was_time_zone": "UTC"}
    signed_in.post("/profile", data=filled(**was, last_name=""))
    user = stored(ada)
    assert (user.title, user.bio, user.time_zone, user.last_name) == (None, None, None, "")


def test_two_tabs_overwrite_only_what_each_changed(signed_in, ada, stored):
    signed_in.post("/profile", data=filled(title="Dr", first_name="Adela"))
    signed_in.post("/profile", data=filled(bio="Hello", first_name="Adèle"))
    user = stored(ada)
    assert (user.first_name, user.title, user.bio) == ("Adèle", "Dr", "Hello")


def test_an_older_tab_does_not_turn_the_language_back(signed_in, ada, stored):
    signed_in.post("/profile", data=filled(locale="fr"))
    signed_in.post("/profile", data=filled(bio="Hello"))
    assert stored(ada).locale == "fr"
    assert '<html lang="fr">' in signed_in.get("/profile").text


@pytest.mark.parametrize(
    "more",
    [
        {"role": "admin"},
        {"is_active": "0"},
        {"email": "someone@example.org"},
        {"session_epoch": "99"},
        {"is_confirmed": "0"},
        {"notification_email": "someone@example.org"},
        {"password_hash": "x"},
        {"anonymised_at": "2026-01-01"},
        {"id": "1"},
        {"user_id": "1"},
        {"employee_id": "F1"},
    ],
    ids=lambda more: next(iter(more)),
)
def test_only_the_fields_of_the_form_are_read(signed_in, ada, more, stored):
    before = stored(ada)._asdict()
    was = {f"was_{name}": "other" for name in more}
    assert signed_in.post("/profile", data=filled(title="Dr", **more, **was)).status_code == 303
    assert signed_in.post("/profile/notification-address", data={"address": "", **more}).status_code == 303
    after = stored(ada)._asdict()
    assert {name for name in before if before[name] != after[name]} <= {"title", "updated_at"}


def test_another_persons_profile_stays(signed_in, make, stored):
    other = make.student(first_name="Ben")
    signed_in.post(f"/profile?user_id={other.user_id}", data=filled(first_name="Eve", user_id=other.user_id))
    assert stored(other).first_name == "Ben"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("first_name", "", "Enter a first name."),
        ("first_name", "   ", "Enter a first name."),
        ("first_name", "\u200b\u200d", "Enter a first name."),
        ("first_name", "A\x00da", "control character"),
        ("first_name", "A\nda", "control character"),
        ("first_name", "A\u2028da", "control character"),
        ("first_name", "Ada\u202e", "turns the reading order"),
        ("last_name", "\u2066Uwase\u2069", "turns the reading order"),
        ("first_name", "x" * 101, "This takes at most 100 characters; yours has 1 more."),
        ("title", "x" * 150, "yours has 50 more."),
        ("title", "Dr\x1b", "control character"),
        ("bio", "é" * (BIO_LIMIT + 1), "yours has 1 more."),
        ("bio", "x" * 400_000, "This takes at most 2000 characters"),
        ("bio", "bell\x07", "control character"),
        ("locale", "de", "Choose one of the languages"),
        ("locale", "", "Choose one of the languages"),
        ("time_zone", "Mars/Olympus", "Choose one of the time zones"),
        ("time_zone", "../../etc/passwd", "Choose one of the time zones"),
        ("time_zone", "Africa", "Choose one of the time zones"),
        ("time_zone", "Asia/Calcutta\x00", "Choose one of the time zones"),
    ],
)
def test_what_cannot_be_kept_is_said_beside_its_field(signed_in, ada, field, value, said, stored):
    answer = signed_in.post("/profile", data=filled(**{field: value, "title": value if field == "title" else "Kept"}))
    assert answer.status_code == 422
    assert said in answer.text
    assert f'id="{field}-error"' in answer.text
    assert "Kept" in answer.text or field == "title"
    assert stored(ada).title is None


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ada   María ", "Ada María"),
        ("Ade\u0300le", "Ad\u00e8le"),
        ("مريم", "مريم"),
        ("שרה\u200f", "שרה\u200f"),
        ("Ada 👩🏽‍🔬", "Ada 👩🏽‍🔬"),
        ("<b>Ada</b>", "<b>Ada</b>"),
        ("x" * 100, "x" * 100),
        ("\U0001f642" * 100, "\U0001f642" * 100),
    ],
    ids=lambda text: ascii(text[:8]),
)
def test_names_of_any_language_are_kept_composed(signed_in, ada, typed, kept, stored):
    assert signed_in.post("/profile", data=filled(first_name=typed)).status_code == 303
    assert stored(ada).first_name == kept
    page = signed_in.get("/profile")
    assert page.status_code == 200
    assert "<b>" not in page.text


def test_two_thousand_characters_of_any_kind_fit(signed_in, ada, stored):
    bio = "\U0001f642" * BIO_LIMIT
    assert signed_in.post("/profile", data=filled(bio=bio)).status_code == 303
    assert stored(ada).bio == bio
    assert "0 characters left" in signed_in.get("/profile").text


def test_what_was_stored_earlier_and_is_not_touched_is_no_fault(signed_in, ada, stored, put):
    put(first_name="Ada\u202e")
    was = {"was_first_name": "Ada\u202e", "first_name": "Ada\u202e"}
    assert signed_in.post("/profile", data=filled(**was, title="Dr")).status_code == 303
    assert stored(ada).title == "Dr"


def test_fields_that_are_left_out_or_doubled_are_no_fault(signed_in, ada, stored):
    doubled = [*filled().items(), ("title", "second"), ("first_name", "Second")]
    body = "&".join(f"{name}={value}" for name, value in doubled)
    kind = "application/x-www-form-urlencoded"
    assert signed_in.post("/profile", data=body, content_type=kind).status_code == 303
    assert signed_in.post("/profile", data={}).status_code == 303
    assert signed_in.post("/profile", data=b"first_name=%ED%A0%80", content_type=kind).status_code == 303
    assert signed_in.post("/profile", data="{}", content_type="application/json").status_code in {303, 422}
    assert stored(ada).first_name == "%ED%A0%80"  # half of a letter, as it was sent


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc", "Africa", "x\ud7ff", ""])
def test_an_unknown_zone_that_was_stored_earlier_shows_the_institutions_time(signed_in, ada, zone, put):
    put(time_zone=zone)
    for address in ("/profile", "/profile/sessions", "/notifications/"):
        assert signed_in.get(address).status_code == 200
    assert '<option selected value="">The institution&#39;s (UTC)</option>' in signed_in.get("/profile").text
    assert signed_in.post("/profile", data=filled(title="Dr")).status_code == 303


def test_zones_are_grouped_by_region_in_the_readers_language(signed_in):
    page = signed_in.get("/profile").text
    assert '<optgroup label="Africa">' in page
    assert '<option value="Africa/Kigali">Kigali</option>' in page
    assert "Asia/Calcutta" not in page
    assert dict(zones_by_region("fr")["Africa"])["Africa/Cairo"] == "Le Caire"
    assert {"UTC", "Africa/Kigali", "America/Chicago"} <= canonical_zones()
    assert all("/" in zone or zone == "UTC" for zone in canonical_zones())


def test_the_time_zone_is_that_of_the_pages(frozen_time, signed_in):
    signed_in.post("/profile", data=filled(time_zone="Asia/Tokyo"))
    signed_in.post("/profile/notification-address", data={"address": "else@example.org"})
    assert "Wednesday 14 October 21:00" in signed_in.get("/profile").text


@pytest.mark.parametrize("role", list(Role))
def test_everyone_has_a_profile(client, make, sign_in, role):
    sign_in(client, getattr(make, role.value)())
    assert client.get("/profile").status_code == 200


def test_the_page_asks_the_database_five_times_at_most(app, signed_in, count_sql):
    signed_in.get("/profile")
    with count_sql() as sql:
        signed_in.get("/profile")
    # Who it is, the profile, the address that waits, the bell; and identities, for the tab that there may be.
    assert len(sql) == 4 + ("providers.connections" in app.view_functions), sql.text


def test_an_account_that_was_closed_meanwhile_is_not_written(app, ada, put):
    put(is_active=False)
    shown = ProfileDraft(**SHOWN)
    with app.app_context(), pytest.raises(NotFound):
        services.save_profile(ada.user_id, shown, ProfileDraft(**SHOWN | {"title": "Dr"}), System())


def test_a_form_without_its_token_is_refused(fresh_app, make_fresh, sign_in):
    client = fresh_app.test_client()
    sign_in(client, make_fresh.student())
    assert client.post("/profile", data=filled()).status_code == 400
    assert client.post("/profile/notification-address", data={"address": "a@example.org"}).status_code == 400
