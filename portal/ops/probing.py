"""Asking what may hang, beside a request that must not."""

import time
from collections.abc import Callable, Iterable, Sequence
from threading import Event, Lock, Thread
from typing import Any

# Nobody who watches over processes waits longer than a second for an answer; the rest of it is for what is around this.
LIMIT = 0.9


class Probe:
    """Asks one dependency beside the request. While a question hangs no further one is asked."""

    def __init__(self, ask: Callable[[], Any]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._answered: Event | None = None
        self._answer: Any = None

    def begin(self) -> Event:
        """Ask, unless a question is under way; what this gives is set once there is an answer."""
        with self._lock:
            if self._answered is None or self._answered.is_set():
                self._answered = Event()
                Thread(target=self._run, args=(self._answered,), daemon=True).start()
            return self._answered

    def answer(self, answered: Event, until: float) -> Any:
        """What the dependency says, or None when it is away or says nothing in time."""
        return self._answer if answered.wait(max(until - time.monotonic(), 0)) else None

    def _run(self, answered: Event) -> None:
        try:
            self._answer = self._ask()
        except Exception:  # drivers have no error in common; whatever it is, the answer is the same
            self._answer = None
        answered.set()


def answers_within(seconds: float, probes: Iterable[Probe]) -> Sequence[Any]:
    """What each says, all within this many seconds; None for those that say nothing. One that hangs delays no other."""
    until = time.monotonic() + seconds
    begun = [(probe, probe.begin()) for probe in probes]
    return [probe.answer(answered, until) for probe, answered in begun]


def answers_in_turn(seconds: float, probes: Iterable[Probe]) -> Sequence[Any]:
    """The same of probes that all ask one and the same: the next is begun once the one before has answered."""
    until = time.monotonic() + seconds
    return [probe.answer(probe.begin(), until) for probe in probes]
