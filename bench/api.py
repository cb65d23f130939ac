"""The JSON API under load, against the least that it could cost: shares of a floor's requests a second.

Two workers of the default web server over MariaDB with 5,000 courses and 60,000 logs serve the portal and, in the same
processes, floors (see `api_server.py`). Both sides take turns, so that a busy machine slows both; shares are medians.
Beside each stands the share by processor time, of servers, database and clients together: on a busy machine, where who
waits says little, it is the one to go by.
The clients are sixteen connections of one thread that parses nothing but lengths.
"""

import asyncio
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Any

from sqlalchemy import text

from bench import api_rows
from bench.api_recording import RECORDED, Asked, recorded
from bench.figures import Figure
from bench.processors import processes_with, seconds_of
from portal.api.conditional import until
from portal.extensions import db
from tests.support import servers
from tests.support.api import bearer_of
from tests.support.databases import SECRET, build_app, dispose, migrate
from tests.support.people import make_admin
from tests.support.portal_process import ask, serving

CONNECTIONS, ROUNDS, SECONDS, WARM_SECONDS = 16, 5, 1.0, 1.5
SHARE, SHARE_OF_HELLO = 50, 70
# No deed takes longer, in seconds: a tag that changes with the time is not to change in its midst.
_LONGEST = 20
_BEGUN = "SELECT id FROM activity_trackers WHERE submitted_at IS NULL AND started_at IS NOT NULL LIMIT 2000"
# So that each change changes something: first all become done, then pending again, and so on.
_PENDING = (
    "UPDATE activity_tracker_items SET status = 'Pending'"
    " WHERE item_id = (SELECT id FROM checklist_items WHERE `key` = 'intranet_sync')"
)
# Floors that send no statements.
_FLOORS = {"hello": "/hello", "within": "/within/hello"}
_OF_DEPARTMENT = (
    "SELECT c.id FROM course_offerings c JOIN modules m ON m.id = c.module_id WHERE m.department_id ="
    " (SELECT department_id FROM manager_departments LIMIT 1)"
)
_SORTS = ("id", "start_date", "end_date", "max_students", "enrolled_count", "status")


@dataclass(frozen=True, slots=True)
class Deed:
    """One kind of request: its name, the next request of a connection, and the floor that it is held against."""

    name: str
    ask: Callable[[int], Asked]
    floor: str
    share: int | None = SHARE
    status: int = 200
    # The turns whose statements the floor sends again, one after the other: not all pages of a list cost the same.
    repeated: Sequence[int] = (0,)
    turns: Any = field(default_factory=count)


@dataclass(frozen=True, slots=True)
class Side:
    """Turn by turn: requests a second, and the processor time of each in seconds."""

    rates: list[float] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)


def measure(database: str) -> Iterator[Figure]:
    """Every share. On MariaDB alone."""
    if database != "mariadb":
        return
    url, folder = servers.new_database(database, "bench_api"), servers.run_folder() / "data_bench_api"
    app = build_app(url, folder)
    migrate(app)
    with app.app_context():
        api_rows.fill()
        token = bearer_of(app, make_admin())
        manager = bearer_of(app, api_rows.make_department_manager())
        logs = list(db.session.scalars(text(_BEGUN)))
        db.session.execute(text(_PENDING))
        db.session.commit()
        theirs = list(db.session.scalars(text(_OF_DEPARTMENT)))
    dispose(app)
    yield from _serve(url, folder, list(_deeds(logs)), token, logs)
    yield from _serve(url, folder, list(_deeds_of_department(theirs)), manager, logs, portal_manager_scope="department")


def _serve(
    url: str, folder: Path, deeds: Sequence[Deed], token: str, logs: Sequence[int], **settings: str
) -> Iterator[Figure]:
    """The shares of some deeds, served with these settings."""
    app, kept = build_app(url, folder, **settings), folder / "statements.json"
    kept.write_text(
        json.dumps(
            {deed.floor: [recorded(app, deed.ask(turn), token) for turn in deed.repeated]
             for deed in deeds if deed.share == SHARE} | {"ids": logs}
        )
    )  # fmt: skip
    dispose(app)
    given = {"DATABASE_URL": url, "SECRET_KEY": SECRET, "RATELIMIT_API": "100000000 per 15 minutes"}
    given["LOG_FORMAT"] = "json"  # as in the image: words for people take three times as long
    given |= {name.upper(): value for name, value in settings.items()}
    with serving("bench.api_server:app", folder, **given, **{RECORDED: str(kept)}) as port:
        for deed in deeds:
            yield from _compare("mariadb", port, deed, token)


def _plain(path: str) -> Callable[[int], Asked]:
    return lambda _turn: ("GET", path, None)


def _deeds(logs: Sequence[int]) -> Iterator[Deed]:
    # More addresses than a process keeps answers: each is asked of the database.
    pages = [f"/course-offerings?limit=100&page={page}&sort={sign}{sort}"
             for page, sort, sign in product(range(1, 51), _SORTS, ("", "-"))]  # fmt: skip
    # Pages far behind are dearer: both sides have near and far ones from the first on.
    random.Random(1).shuffle(pages)
    yield Deed("list of 100, read anew each time", lambda turn: ("GET", pages[turn % len(pages)], None), "lists",
               repeated=range(0, len(pages), 7))  # fmt: skip
    yield Deed("list of 100, as kept", _plain("/course-offerings?limit=100"), "list")
    yield Deed(
        "one course, another each time", lambda turn: ("GET", f"/course-offerings/{turn % 5000 + 1}", None), "ones",
        repeated=range(0, 5000, 59),
    )  # fmt: skip
    yield Deed("one course, as kept", _plain("/course-offerings/2"), "one")
    yield Deed(
        "a log is changed",
        lambda turn: (
            "PATCH",
            f"/activity-tracker/{logs[turn % len(logs)]}",
            {"intranet_sync": ("Done", "Pending")[turn // len(logs) % 2]},
        ),
        "update",
    )
    yield from _deeds_of_weeks()
    # A route of the portal that says hello, with all that surrounds each request; and the same without the portal.
    yield Deed("304, a route says hello", _plain("/course-offerings?limit=100"), "within", SHARE_OF_HELLO, 304)
    yield Deed("304, a bare Flask says hello", _plain("/course-offerings?limit=100"), "hello", SHARE_OF_HELLO, 304)


def _deeds_of_weeks(whose: str = "") -> Iterator[Deed]:
    def asks(path: str) -> Callable[[int], Asked]:
        return lambda turn: ("GET", f"/activity-tracker{path}week_number={turn % 12 + 1}", None)

    yield Deed(f"{whose}logs of a week by status", asks("?status=Pending&"), "logs")
    yield Deed(f"{whose}summary of a week", asks("/summary?"), "summary")


def _deeds_of_department(courses: Sequence[int]) -> Iterator[Deed]:
    """What a manager asks who answers for one department of ten. No answer of theirs goes past the application."""
    yield Deed("department: list of 100", _plain("/course-offerings?limit=100"), "list")
    yield Deed(
        "department: one course, another each time",
        lambda turn: ("GET", f"/course-offerings/{courses[turn % len(courses)]}", None), "ones",
        repeated=range(0, len(courses), 7),
    )  # fmt: skip
    yield from _deeds_of_weeks("department: ")


def _compare(database: str, port: int, deed: Deed, token: str) -> Iterator[Figure]:
    headers, host = {"Authorization": f"Bearer {token}"}, f"127.0.0.1:{port}"
    if deed.status == 304:
        _wait_for_tags_to_last()
        headers["If-None-Match"] = ask(port, "GET", f"/api{deed.ask(0)[1]}", headers=headers).headers["etag"]

    def ours() -> bytes:
        method, path, body = deed.ask(next(deed.turns))
        return _request(host, method, f"/api{path}", headers, body)

    at_floor = _request(host, "GET", _FLOORS.get(deed.floor, f"/floor/{deed.floor}"), {}, None)
    mine, floors = _take_turns(database, port, ((ours, deed.status), (lambda: at_floor, 200)))
    shares = [100 * own / floor for own, floor in zip(mine.rates, floors.rates, strict=True)]
    by_time = 100 * statistics.median(floors.costs) / statistics.median(mine.costs)
    yield Figure(database, f"{deed.name}: requests a second", statistics.median(mine.rates), "/s")
    yield Figure(database, f"{deed.name}: the floor's", statistics.median(floors.rates), "/s")
    yield Figure(database, f"{deed.name}: share", statistics.median(shares), "%", deed.share, at_least=True)
    yield Figure(database, f"{deed.name}: share by processor time", by_time, "%")


def _take_turns(database: str, port: int, sides: Sequence[tuple[Callable[[], bytes], int]]) -> list[Side]:
    """What each side does in its turns; first each once for nothing."""
    for make, status in sides:
        asyncio.run(_load(port, make, status, WARM_SECONDS))
    watched = [os.getpid(), *processes_with(str(port)), *processes_with(f"--port={servers.port_of(database)}")]
    found = [Side() for _side in sides]
    for _round in range(ROUNDS):
        for side, (make, status) in zip(found, sides, strict=True):
            began, taken = time.perf_counter(), seconds_of(watched)
            rate = asyncio.run(_load(port, make, status, SECONDS))
            side.rates.append(rate)
            side.costs.append((seconds_of(watched) - taken) / (rate * (time.perf_counter() - began)))
    return found


def _wait_for_tags_to_last() -> None:
    left = until() - time.time()
    if left < _LONGEST:
        time.sleep(left + 1)


def _request(host: str, method: str, path: str, headers: Mapping[str, str], body: Any) -> bytes:
    text = b"" if body is None else json.dumps(body).encode()
    lines = [
        f"{method} {path} HTTP/1.1",
        f"Host: {host}",
        *(f"{name}: {value}" for name, value in headers.items()),
    ]
    if text:
        lines += ["Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join([*lines, "", ""]).encode() + text


async def _load(port: int, make: Callable[[], bytes], status: int, seconds: float) -> float:
    """Requests a second over all connections, each of which waits for its answer before it asks again."""
    began = time.perf_counter()
    done = await asyncio.gather(*(_connection(port, make, status, began + seconds) for _ in range(CONNECTIONS)))
    return sum(done) / (time.perf_counter() - began)


async def _connection(port: int, make: Callable[[], bytes], status: int, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    done, expected = 0, f" {status} ".encode()
    while time.perf_counter() < until:
        writer.write(make())
        head = await reader.readuntil(b"\r\n\r\n")
        length = _length(head)
        body = await reader.readexactly(length) if length else b""
        assert expected in head[:15], (head + body)[:1000]
        done += 1
    writer.close()
    await writer.wait_closed()
    return done


def _length(head: bytes) -> int:
    at = head.lower().find(b"content-length:")
    return int(head[at + 15 : head.index(b"\r\n", at)]) if at >= 0 else 0
