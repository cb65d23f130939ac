"""The lane says what the application would say, with whatever headers, and is counted, logged and measured alike."""

import gzip

import pytest
import sqlalchemy as sa
import structlog
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal import clock, lane
from portal.extensions import db
from portal.lane import keeping
from portal.lane.looking import Looker
from portal.ops.metrics import exposition
from portal.pulses.stores import Store
from tests.support.api import Program
from tests.support.lanes import LIST, application_of, is_given_again, the_long_way, whole

pytestmark = pytest.mark.in_turn


@pytest.fixture
def office(fresh_app, make_fresh, taught):
    return Program(fresh_app, make_fresh.manager())


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


def test_it_says_what_the_application_says(build_fresh_app, make_fresh, taught):
    app = build_fresh_app(cors_origins="https://tools.example.org")
    teacher, student, courses = taught
    people = make_fresh.admin(), make_fresh.manager(), teacher, student
    # Standing: what is packed holds the second in which it was.
    with time_machine.travel(clock.now(), tick=False):
        again = sum(count_given_again(app, Program(app, person), courses, place) for place, person in enumerate(people))
    assert again > 60


def count_given_again(app, program, courses, place):
    """How many of the requests the lane answers; each way and each time the answer is the same.

    Of all requests every third, another for each person: with each path everybody sends some of the headers.
    """
    again = 0
    for path, headers in requests_of(courses, program("GET", LIST).headers["ETag"])[place % 3 :: 3]:

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


def test_nobody_gets_the_answer_of_another(fresh_app, office, taught):
    teacher, student, _courses = taught
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
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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


# --- limits, log, figures, faults


def test_each_is_counted(build_fresh_app, make_fresh, taught):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_api="4 per 15 minutes; 1000 per day")
    program = Program(app, make_fresh.manager())
    answers = [program("GET", LIST) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["3", "2", "1", "0", "0", "0"]
    assert {answer.headers["RateLimit-Limit"] for answer in answers} == {"4"}
    assert all(0 < int(answer.headers["RateLimit-Reset"]) <= 901 for answer in answers)


def test_it_is_in_the_log_and_in_the_figures(build_fresh_app, make_fresh, taught):
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
    monkeypatch.setattr(lane.Lane, "_look", lambda *_: 1 / 0)
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
