"""A Monday morning: facilitators tick, managers look, students read; and what was answered must be there afterwards."""

import asyncio
import random
import re
import time
import zlib
from dataclasses import dataclass, field
from urllib.parse import urlencode

from bench.wire import Answer, Wire

_GZIP = zlib.MAX_WBITS | 16
_VERSION = re.compile(rb'name="version"[^>]*value="(\d+)"')
_OFFICE = (
    "/compliance/",
    "/allocations/",
    "/allocations/?status=none",
    "/allocations/?mode=Online",
    "/allocations/?q=an",
)
_READING = ("/courses/", "/notifications/", "/courses/", "/reflections/")
# A facilitator looks at the week once and then ticks.
_TICKS_FOR_A_LOOK = 9
_STATES = ("Done", "Pending")


@dataclass(slots=True)
class Cell:
    """One item of one weekly log, with what its page holds: its state, and what it would send next."""

    log_id: int
    key: str
    status: str = "Not Started"
    # What was asked for and never answered: the database may have either.
    open_wish: str | None = None


@dataclass(slots=True)
class Log:
    """A weekly log as the person's page has it."""

    id: int
    version: int
    first_version: int
    cells: list[Cell]
    answered: int = 0


@dataclass(slots=True)
class Actor:
    """Somebody with a browser."""

    kind: str
    headers: str
    logs: list[Log] = field(default_factory=list)
    busy: asyncio.Lock = field(default_factory=asyncio.Lock)
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """One request: when it was due, how long its answer took from then, what it was, and its status."""

    due: float
    seconds: float
    kind: str
    status: int

    @property
    def failed(self) -> bool:
        """Whether it was answered by no page, or by an error."""
        return self.status == 0 or self.status >= 400


async def play(port: int, actors: list[Actor], rate: float, seconds: float) -> list[Taken]:
    """Requests at a rate, each due at its moment whether or not those before have been answered."""
    taken: list[Taken] = []
    began, tasks = time.monotonic(), []
    chance = random.Random(7)
    queue = chance.sample(actors, len(actors))
    for actor in actors:
        actor.busy = asyncio.Lock()  # one that was waited for belongs to the loop of its run
    async with Wire(port) as wire:
        for number in range(int(rate * seconds)):
            due = began + number / rate
            if (early := due - time.monotonic()) > 0:
                await asyncio.sleep(early)
            actor = queue[number % len(queue)]
            tasks.append(asyncio.create_task(_act(wire, actor, due, taken)))
        await asyncio.gather(*tasks)
    return [Taken(one.due - began, one.seconds, one.kind, one.status) for one in taken]


async def _act(wire: Wire, actor: Actor, due: float, taken: list[Taken]) -> None:
    async with actor.busy:  # one person does one thing after the other
        actor.turn += 1
        if actor.kind == "facilitator" and actor.turn % (_TICKS_FOR_A_LOOK + 1):
            kind, answer = "tick", await _tick(wire, actor)
        else:
            kind, answer = actor.kind, await wire.ask("GET", _page(actor), actor.headers)
    taken.append(Taken(due, time.monotonic() - due, kind, answer.status))


def _page(actor: Actor) -> str:
    pages = {"facilitator": ("/tracker/",), "manager": _OFFICE, "student": _READING}[actor.kind]
    return pages[actor.turn % len(pages)]


async def _tick(wire: Wire, actor: Actor) -> Answer:
    """Set one item to what it is not; a wish without an answer is sent again, as a person would."""
    log = actor.logs[actor.turn % len(actor.logs)]
    cell = next((one for one in log.cells if one.open_wish), log.cells[actor.turn // 2 % len(log.cells)])
    unsure, wish = cell.open_wish is not None, cell.open_wish or _STATES[cell.status == _STATES[0]]
    form = urlencode({"status": wish, f"was-{cell.key}": cell.status, "version": log.version}).encode()
    cell.open_wish = wish
    path = f"/tracker/logs/{log.id}/items/{cell.key}"
    answer = await wire.ask("POST", path, f"{actor.headers}HX-Request: true\r\nHX-Request-Type: partial\r\n", form)
    if answer.status == 200:
        cell.status, cell.open_wish = wish, None
        log.answered += not unsure
        if found := _VERSION.search(zlib.decompress(answer.body, _GZIP)):
            log.version = int(found[1])
    return answer
