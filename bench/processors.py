"""How much of the processors programs have taken: what is counted so hardly depends on what else runs beside them."""

import os
from collections.abc import Collection
from pathlib import Path

from bench.serving import children

_TICKS = os.sysconf("SC_CLK_TCK")


def processes_with(word: str) -> list[int]:
    """The processes that were started with this word among their arguments, and those that they started."""
    found = {int(one.name) for one in Path("/proc").iterdir() if one.name.isdigit() and word in _arguments_of(one)}
    before = -1
    while len(found) > before:
        before = len(found)
        found |= {child for process in found for child in children(process)}
    return sorted(found)


def seconds_of(processes: Collection[int]) -> float:
    """What these have taken until now."""
    return sum(map(_seconds_of, processes))


def _arguments_of(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def _seconds_of(process: int) -> float:
    try:
        said = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(said[11]) + int(said[12])) / _TICKS
