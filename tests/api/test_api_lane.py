"""The lane: what it gives again is what the application would say, and ends with whatever ends it there."""

import gzip
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
import structlog
import time_machine
from flask import request_started
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock, lane
from portal.accounts.models import ApiToken, RefreshToken, User
from portal.accounts.services.administration import change_role, deactivate
from portal.accounts.services.api_tokens import make_token, revoke_token
from portal.accounts.services.passwords import raise_epoch
from portal.accounts.services.refresh_tokens import revoke_family
from portal.audit.services import System
from portal.catalogue.models import Module
from portal.extensions import db
from portal.lane import keeping
from portal.lane.looking import Looker
from portal.notifications.models import Notification
from portal.ops.metrics import exposition
from portal.pulses.stores import Store
from portal.roles import Role
from tests.support.api import Program
from tests.support.scoping import answer_for

pytestmark = pytest.mark.in_turn

LIST = "/course-offerings"
# What each answer has of its own.
OWN = {"X-Request-ID", "RateLimit-Remaining", "RateLimit-Reset"}


@contextmanager
def application_of(app):
    """The requests that the application is asked within, not those that the lane answers."""
    asked = []

    def note(_sender, **_more):
        asked.append(1)

    with request_started.connected_to(note, app):
        yield asked


def whole(answer):
    """An answer with all that it says, but for what each has of its own."""
    return answer.status, sorted(pair for pair in answer.headers if pair[0] not in OWN), answer.data


def the_long_way(app, ask):
    """What the application says by itself."""
    around = app.wsgi_app
    app.wsgi_app = around._onward
    try:
        return ask()
    finally:
        app.wsgi_app = around


def is_given_again(app, ask):
    """Whether the lane answers this by now."""
    ask()
    with application_of(app) as asked:
        ask()
    return not asked


def write(app, deed):
    """Do something in another process, as it were: an application of its own on the same database."""
    with app.app_context():
        deed()
        db.session.commit()


@pytest.fixture
def world(fresh_app, make_fresh):
    """Two courses, of which a student is on one."""
    teacher, student = make_fresh.facilitator(first_name="Zoë"), make_fresh.student()
    courses = [make_fresh.offering(teacher), make_fresh.offering(make_fresh.facilitator())]
    return teacher, student, courses


@pytest.fixture
def office(fresh_app, make_fresh, world):
    return Program(fresh_app, make_fresh.manager())


@pytest.fixture
def elsewhere(build_fresh_app, fresh_app):
    return build_fresh_app()


# --- the same answer


def requests_of(courses, tag):
    """All kept resources, each with what may make a difference."""
    paths = [LIST, f"{LIST}?limit=1", f"{LIST}?limit=1&page=2&sort=-id", f"{LIST}?q=zo%C3%AB", f"{LIST}?limit=0",
             *(f"{LIST}/{course.id}" for course in courses), f"{LIST}/0"]  # fmt: skip
    differences = [{}, {"If-None-Match": tag}, {"If-None-Match": "*"}, {"If-None-Match": f'"x", {tag}'},
                   {"If-None-Match": tag.removeprefix("W/")}, {"If-None-Match": '"x"'}, {"If-Match": tag},
                   {"Accept-Language": "fr"}, {"Accept-Encoding": "gzip"}, {"Accept-Encoding": "br;q=0.1, gzip;q=0"},
                   {"Accept-Encoding": "gzip", "If-None-Match": "*"}, {"Origin": "https://tools.example.org"},
                   {"Origin": "https://evil.example.org"}]  # fmt: skip
    return [(path, {"X-Request-ID": "the-same-one", **headers}) for path in paths for headers in differences]


def test_it_says_what_the_application_says(build_fresh_app, make_fresh, world):
    app = build_fresh_app(cors_origins="https://tools.example.org")
    teacher, student, courses = world
    people = make_fresh.admin(), make_fresh.manager(), teacher, student
    # Standing: what is packed holds the second in which it was.
    with time_machine.travel(clock.now(), tick=False):
        again = sum(count_given_again(app, Program(app, person), courses) for person in people)
    assert again > 150


def count_given_again(app, program, courses):
    """How many of all requests the lane answers; each way and each time the answer is the same."""
    again = 0
    for path, headers in requests_of(courses, program("GET", LIST).headers["ETag"]):

        def ask(path=path, headers=headers):
            return program("GET", path, headers=headers)

        ask()
        with application_of(app) as asked:
            given = ask()
        again += not asked
        assert whole(given) == whole(the_long_way(app, ask)) == whole(ask()), (path, headers)
    return again


def test_what_is_packed_is_packed_once_and_reads_the_same(fresh_app, office, make_fresh):
    for _ in range(3):
        make_fresh.offering(make_fresh.facilitator())
    packed = {"Accept-Encoding": "gzip"}
    assert is_given_again(fresh_app, lambda: office("GET", LIST, headers=packed))
    assert gzip.decompress(office("GET", LIST, headers=packed).data) == office("GET", LIST).data


def test_nobody_gets_the_answer_of_another(fresh_app, office, world):
    teacher, student, _courses = world
    programs = [office, Program(fresh_app, teacher), Program(fresh_app, student), Program(fresh_app)]
    told = [[program("GET", LIST).headers.get("X-Total-Count") for program in programs] for _ in range(3)]
    assert told == [["2", "1", "0", None]] * 3


odd = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=20),
    st.sampled_from(
        ["*", '"', 'W/"', '"a", "b"', "fr;q=x", "fr;q=0", "gzip;q=", "br;q=nan", "*;q=0", "bytes=0-1", "-1", "1e9",
         "null", "Thu, 01 Jan 1970 00:00:00 GMT"]
    ),
)  # fmt: skip
HEADERS = ("If-None-Match", "If-Match", "If-Modified-Since", "If-Range", "Range", "Accept-Language", "Accept-Encoding",
           "Accept", "Origin", "X-Request-ID", "Cookie", "Content-Type", "X-Forwarded-Proto", "Forwarded")  # fmt: skip


def test_odd_headers_make_no_difference_between_the_ways(fresh_app, office):
    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(st.dictionaries(st.sampled_from(HEADERS), odd, max_size=4))
    def try_out(headers):
        def ask():
            return office("GET", f"{LIST}?limit=1", headers=headers)

        first, second = ask(), ask()
        assert whole(first) == whole(second) == whole(the_long_way(fresh_app, ask))
        assert second.status_code in {200, 304, 412}

    with time_machine.travel(clock.now(), tick=False):
        try_out()


def test_an_id_of_ones_own_comes_back_and_others_differ(fresh_app, office):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    assert office("GET", LIST, headers={"X-Request-ID": "mine-0123"}).headers["X-Request-ID"] == "mine-0123"
    ids = {office("GET", LIST, headers={"X-Request-ID": "<>"}).headers["X-Request-ID"] for _ in range(3)}
    assert len(ids) == 3


# --- never older than what was written


def test_a_write_is_seen_at_once_wherever_it_happened(fresh_app, office, elsewhere, world):
    _teacher, _student, (course, _other) = world
    for path in (LIST, f"{LIST}/{course.id}"):
        assert is_given_again(fresh_app, lambda path=path: office("GET", path))
    away = Program(elsewhere)
    away.token = office.token
    for title in ("One", "Two"):
        assert away("PATCH", f"{LIST}/{course.id}", {"title": title}).status_code == 200
        for program in (office, away):
            assert program("GET", f"{LIST}/{course.id}").json["title"] == title
            assert title in program("GET", LIST).text
    write(elsewhere, lambda: db.session.execute(sa.update(Module).values(name="Renamed")))
    assert "Renamed" in office("GET", LIST).text
    write(elsewhere, lambda: db.session.execute(sa.update(User).where(User.first_name == "Zoë").values(first_name="Z")))
    assert "Zoë" not in office("GET", LIST).text


def test_what_it_does_not_follow_from_does_not_end_it(fresh_app, office, elsewhere, world):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    teacher = world[0]
    write(elsewhere, lambda: db.session.add(Notification(recipient_id=teacher.user_id, kind="log_due", params={},
                                                         dedupe_key="lane")))  # fmt: skip
    with application_of(fresh_app) as asked:
        office("GET", LIST)
    assert not asked


# --- what ends a token


ENDS = {
    "deactivation": lambda person, _family: deactivate(person.user_id, System()),
    "another password": lambda person, _family: raise_epoch(person.user_id, None),
    "another role": lambda person, _family: change_role(person.user_id, Role.ADMIN, Role.MANAGER, System()),
    "the end of the family": lambda person, family: revoke_family(family, person.user_id, System()),
    "the end of its time": lambda _person, family: db.session.execute(
        sa.update(RefreshToken).where(RefreshToken.family == family).values(expires_at=clock.now())
    ),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_it_ends_with_the_token(fresh_app, elsewhere, make_fresh, world, end):
    manager = make_fresh.manager()
    program = Program(fresh_app, manager)
    assert is_given_again(fresh_app, lambda: program("GET", LIST))
    with fresh_app.app_context():
        family = db.session.scalars(sa.select(RefreshToken.family).where(RefreshToken.user_id == manager.user_id)).one()
    write(elsewhere, lambda: end(manager, family))
    assert program("GET", LIST).status_code == 401
    with application_of(fresh_app) as asked:
        assert program("GET", LIST).status_code == 401
    assert len(asked) == 1


def test_it_ends_with_the_time_of_the_token(fresh_app, make_fresh, world):
    moment = clock.now()
    with time_machine.travel(moment, tick=False) as machine:
        program = Program(fresh_app, make_fresh.manager())
        machine.move_to(moment + timedelta(days=1))  # good for some seconds more: clocks differ
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        machine.move_to(moment + timedelta(days=1, seconds=11))
        assert program("GET", LIST).status_code == 401


def test_it_ends_with_the_key(fresh_app, office):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    fresh_app.config["JWT_SECRET"], fresh_app.config["JWT_SECRET_PREVIOUS"] = "n" * 40, fresh_app.config["JWT_SECRET"]
    assert office("GET", LIST).status_code == 200
    fresh_app.config["JWT_SECRET_PREVIOUS"] = ""
    assert office("GET", LIST).status_code == 401


def test_it_ends_after_five_minutes(fresh_app, office):
    with time_machine.travel(clock.now(), tick=False) as machine:
        assert is_given_again(fresh_app, lambda: office("GET", LIST))
        machine.shift(timedelta(minutes=5))
        with application_of(fresh_app) as asked:
            assert office("GET", LIST).status_code == 200
    assert len(asked) == 1


def test_a_personal_token_ends_at_once_and_its_use_is_noted(fresh_app, elsewhere, make_fresh, world):
    manager = make_fresh.manager()
    with fresh_app.app_context():
        token = make_token(manager.user_id, "Sync", ["courses:read"], "", System())
        db.session.commit()
    program = Program(fresh_app)
    program.token = token.text
    moment = clock.now()

    def used():
        with elsewhere.app_context():
            return db.session.scalars(sa.select(ApiToken.last_used_at)).one()

    with time_machine.travel(moment, tick=False) as machine:
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        assert used() == moment
        machine.shift(timedelta(hours=1))
        assert program("GET", LIST).status_code == 200
        assert used() == moment + timedelta(hours=1)
        assert is_given_again(fresh_app, lambda: program("GET", LIST))
        assert Program(fresh_app)("GET", LIST).status_code == 401
        write(elsewhere, lambda: revoke_token(manager.user_id, token.id, System()))
        assert program("GET", LIST).status_code == 401


def test_who_answers_for_departments_is_answered_anew(build_fresh_app, fresh_app, make_fresh, world):
    app = build_fresh_app(portal_manager_scope="department")
    manager = make_fresh.manager()
    program, admin = Program(app, manager), Program(app, make_fresh.admin())
    assert not is_given_again(app, lambda: program("GET", LIST))
    assert is_given_again(app, lambda: admin("GET", LIST))
    department = Program(fresh_app, make_fresh.admin())("POST", "/departments", {"code": "D", "name": "D"}).json["id"]
    before = program("GET", LIST).headers["X-Total-Count"]
    answer_for(fresh_app, manager, department)
    assert program("GET", LIST).headers["X-Total-Count"] == before  # courses of no department are everybody's


# --- limits, log, figures, faults


def test_each_is_counted(build_fresh_app, make_fresh, world):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_api="4 per 15 minutes; 1000 per day")
    program = Program(app, make_fresh.manager())
    answers = [program("GET", LIST) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["3", "2", "1", "0", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"4"}
    assert all(0 < int(answer.headers["RateLimit-Reset"]) <= 901 for answer in answers)


def test_it_is_in_the_log_and_in_the_figures(build_fresh_app, make_fresh, world):
    app = build_fresh_app(log_level="INFO")
    program = Program(app, make_fresh.manager())

    def count():
        name = 'http_request_duration_seconds_count{method="GET",route="/api/course-offerings",status="200"}'
        with app.app_context():
            return next((float(line.split()[-1]) for line in exposition(app).splitlines() if line.startswith(name)), 0)

    program("GET", LIST)
    before = count()
    with structlog.testing.capture_logs() as lines:
        program("GET", LIST)
        the_long_way(app, lambda: program("GET", LIST))
    mine, long = (line for line in lines if line["event"] == "request")
    differing = {"ms", "sql_ms", "request_id", "sql"}
    assert {name: mine[name] for name in mine.keys() - differing} == {
        name: long[name] for name in long.keys() - differing
    }
    assert mine.keys() == long.keys()
    assert count() == before + 2


def test_without_the_database_it_says_so_too(fresh_app, office, monkeypatch):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    with fresh_app.app_context():
        db.engine.dispose()
    gone = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/gone", connect_args={"connect_timeout": 1})
    monkeypatch.setitem(db._app_engines[fresh_app], None, gone)
    for soon in (4.0, -1.0):  # asked once more by the application, and not
        monkeypatch.setattr(lane, "_SOON", soon)
        monkeypatch.setattr(fresh_app.wsgi_app, "_looker", Looker(gone))
        answer = office("GET", LIST)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "10")


def test_a_fault_in_the_lane_is_no_fault_of_the_portal(fresh_app, office, monkeypatch):
    assert is_given_again(fresh_app, lambda: office("GET", LIST))
    monkeypatch.setattr(keeping.Answer, "still_holds", lambda *_: 1 / 0)
    with structlog.testing.capture_logs() as lines:
        assert office("GET", LIST).status_code == 200
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["lane_failed"]


def test_it_keeps_no_more_than_it_may(fresh_app, office, monkeypatch):
    few = Store(5 * keeping._AROUND, lambda answer: answer.size)
    monkeypatch.setattr(keeping, "answers", few)
    monkeypatch.setattr(lane, "answers", few)
    for page in range(1, 20):
        office("GET", f"{LIST}?limit=1&page={page}")
    assert 0 < len(few._things) < 5
    assert few._held == sum(one.size for one in few._things.values()) <= 5 * keeping._AROUND
    few.clear()
