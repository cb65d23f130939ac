"""How long a web worker takes from nothing to its first answer, and what it holds then."""

import os
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bench import serving
from bench.figures import Figure

TIMES = 3
MOST_SECONDS, MOST_MB = 3, 150
_TICKS = os.sysconf("SC_CLK_TCK")


class _Start(NamedTuple):
    seconds: float
    processor: float
    megabytes: float


def measure(database: str, url: str, folder: Path) -> Iterator[Figure]:
    """The median of some starts with one worker. The first, which compiles Python, does not count."""
    _start_once(url, folder)
    starts = [_start_once(url, folder) for _ in range(TIMES)]
    seconds = statistics.median(one.seconds for one in starts)
    # What the clock says depends on what else runs; the processor's time is the portal's own.
    yield Figure(database, "cold start: until it answers", seconds, "s")
    yield Figure(
        database, "cold start: processor", statistics.median(one.processor for one in starts), "s", MOST_SECONDS
    )
    yield Figure(database, "web worker after its first page", max(one.megabytes for one in starts), "MB", MOST_MB)


def _start_once(url: str, folder: Path) -> _Start:
    port = serving.free_port()
    server = serving.start(serving.granian(port, 1), serving.environment(url, folder, PORT=str(port)))
    try:
        seconds = serving.wait_until_live(port)
        serving.wait_until_live(port, "/login")
        worker = max(serving.children(server.pid), key=_peak)
        ticks = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[11:13]
        return _Start(seconds, sum(map(int, ticks)) / _TICKS, _peak(worker))
    finally:
        serving.stop(server)


def _peak(process: int) -> float:
    found = re.search(r"VmHWM:\s*(\d+) kB", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else 0
