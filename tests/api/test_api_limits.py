"""Requests are counted by the API itself as the limiter would count them."""

import pytest
import time_machine
from flask_limiter.util import get_qualified_name

from portal import clock
from portal.extensions import limiter
from tests.support.api import Program

pytestmark = pytest.mark.one_database
LOGS = "/activity-tracker"


@pytest.fixture
def people(make_fresh):
    return make_fresh.manager(), make_fresh.manager()


@pytest.fixture
def limited(people, build_fresh_app):
    """Made last: the limiter goes by the newest application."""
    return build_fresh_app(ratelimit_enabled=True, ratelimit_api="5 per 15 minutes; 3 per minute")


def counted(program, *, times):
    answers = [program("GET", LOGS) for _ in range(times)]
    return [(answer.status_code, *(answer.headers.get(name) for name in NAMES)) for answer in answers]


NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After")


def test_the_limiter_is_not_asked_what_is_known(limited, people, monkeypatch):
    def work_it_out(*_facts):
        raise AssertionError("the limiter looks for limits")

    monkeypatch.setattr(limiter.limit_manager, "resolve_limits", work_it_out)
    assert [status for status, *_ in counted(Program(limited, people[0]), times=3)] == [200] * 3


def test_it_counts_as_the_limiter_does(limited, people, monkeypatch):
    with time_machine.travel(clock.now(), tick=False):
        ours = counted(Program(limited, people[0]), times=5)
        monkeypatch.setattr(limiter, "_counts_before", None)
        assert counted(Program(limited, people[1]), times=5) == ours
    assert [status for status, *_ in ours] == [200] * 3 + [429] * 2


def test_what_has_limits_of_its_own_is_left_to_the_limiter(limited):
    marked = {
        rule.rule for rule in limited.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and get_qualified_name(limited.view_functions[rule.endpoint]) in limiter._marked_for_limiting
    }  # fmt: skip
    assert marked
    assert all(rule.startswith("/api/auth/") for rule in marked)


def test_a_fault_of_the_counters_is_no_fault_of_the_request(limited, people, monkeypatch):
    def fail(*_facts, **_more):
        raise ConnectionError

    program = Program(limited, people[0])
    monkeypatch.setattr(limiter, "_storage_dead", False)  # and so again afterwards
    monkeypatch.setattr(limiter.limiter.storage, "incr", fail)
    assert [status for status, *_ in counted(program, times=4)] == [200] * 3 + [429]


def test_it_counts_so_in_redis_too(people, build_fresh_app, redis_url):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_api="3 per minute", redis_url=redis_url)
    ours = counted(Program(app, people[0]), times=5)
    assert [status for status, *_ in ours] == [200] * 3 + [429] * 2
    assert [remaining for _status, _limit, remaining, *_ in ours] == ["2", "1", "0", "0", "0"]
    assert all(0 < int(reset) <= 61 for *_, reset, _retry in ours)
