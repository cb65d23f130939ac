"""In which order the tests of a run begin, so that at its end no process waits for another's long test."""

from collections.abc import Iterator, Sequence
from itertools import groupby

import pytest

# What takes seconds rather than moments, and waits for others meanwhile.
LONG = ("browser", "servers", "slow")
# Long tests begin within this part of a process's share, spread over it: browsers that all work at once hinder each
# other, and while one test waits for a server another has the processor.
_EARLY = 0.6

Items = list[pytest.Item]


def deal(items: Sequence[pytest.Item], processes: int) -> Items:
    """The share of each process one after the other, as `--dist worksteal` cuts them; the order stays random.

    Whoever has done its share takes from the end of another's, where only short tests are.
    """
    files = _files(items)
    piles = _piles([file for file in files if _is_long(file)], processes)
    short = [item for file in files if not _is_long(file) for item in file]
    found: Items = []
    for number, pile in enumerate(piles):
        left = sum(map(len, piles[number:])) + len(short)
        take = max(0, left // (processes - number) - len(pile))
        found += _mixed(pile, short[:take])
        del short[:take]
    return found + short


def _is_long(file: Items) -> bool:
    return any(item.get_closest_marker(name) for item in file for name in LONG)


def _piles(files: list[Items], processes: int) -> list[Items]:
    """Files on as many piles, whole, each with about as many tests."""
    piles: list[Items] = [[] for _ in range(processes)]
    for file in files:
        min(piles, key=len).extend(file)
    return piles


def _mixed(long: Items, short: Items) -> Items:
    """Both lots, each in its order; files stay whole, for what a file sets up once."""
    places = [(_EARLY * at, file) for at, file in _places(long)] + list(_places(short))
    return [item for _, file in sorted(places, key=lambda place: place[0]) for item in file]


def _places(items: Items) -> Iterator[tuple[float, Items]]:
    """Each file with the part of the tests that come before it."""
    before = 0
    for file in _files(items):
        yield before / len(items), file
        before += len(file)


def _files(items: Sequence[pytest.Item]) -> list[Items]:
    return [list(found) for _, found in groupby(items, key=lambda item: item.path)]
