"""The kinds of long work that features above register."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

Params = Mapping[str, Any]


class Cancelled(Exception):
    """The person who began the work does not want it any more; everything it wrote is rolled back."""


class Progress(Protocol):
    """Somebody who is told how far the work has come."""

    def begin(self, label: Any, total: int) -> None:
        """A part of the work begins; `label` is marked by `lazy`, `total` counts its steps, 0 while nobody knows."""

    def advance(self, steps: int) -> None:
        """So many steps more are done. Raises Cancelled."""


class Silent:
    """Tells nobody, for work that is done at once."""

    def begin(self, label: Any, total: int) -> None:
        """Say nothing."""

    def advance(self, steps: int) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who began a job, for the audit of what it does."""

    user_id: int | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of long work.

    `run(params, owner, progress)` does it in one transaction that is committed for it, and gives a result that JSON
    can hold; it may run again after a worker was killed. `title(params)` names it in the reader's language, and
    `address(params, result)` is where to go when it has ended, whether done, cancelled or failed. What is not the
    owner's own, but follows from a deed of theirs, is done whatever they may see.
    """

    run: Callable[[Params, Owner, Progress], dict[str, Any]]
    title: Callable[[Params], str]
    address: Callable[[Params, Mapping[str, Any]], str]
    is_own: bool = True


_WORKS: dict[str, Work] = {}
Surrounding = Callable[[Owner], AbstractContextManager[None]]
_surrounding: list[Surrounding] = []


def surround(within: Surrounding) -> None:
    """Have each piece of work done within what this gives for its owner."""
    if within not in _surrounding:
        _surrounding.append(within)


@contextmanager
def surrounded(owner: Owner) -> Iterator[None]:
    """Within all that surrounds the work of an owner."""
    with ExitStack() as stack:
        for within in _surrounding:
            stack.enter_context(within(owner))
        yield


def register(kind: str, work: Work) -> None:
    """Make a kind known; a second registration replaces the first."""
    _WORKS[kind] = work


def work_of(kind: str) -> Work | None:
    """The work of a kind; None for one that this version no longer knows."""
    return _WORKS.get(kind)
