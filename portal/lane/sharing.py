"""One look for all who ask for the same at one time."""

from collections.abc import Callable
from threading import Event, Lock
from typing import Generic, TypeVar

Found = TypeVar("Found")


class _Turn(Generic[Found]):
    """A look that runs, or waits for the one before it, and who comes after it."""

    def __init__(self) -> None:
        self.done = Event()
        self.found: Found | None = None
        self.error: Exception | None = None
        self.next: _Turn[Found] | None = None

    def look(self, ask: Callable[[], Found]) -> None:
        """Find it, or how that failed."""
        try:
            self.found = ask()
        except Exception as error:
            self.error = error

    def result(self) -> Found | None:
        """What was found. Raises what the look raised."""
        if self.error is not None:
            raise self.error
        return self.found


class Shared(Generic[Found]):
    """Looks for the same thing follow each other, and whoever asks meanwhile gets what the next one finds.

    So nobody gets what was found by a look that began before they asked: it may be older than what they wrote.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._running: dict[str, _Turn[Found]] = {}

    def look(self, key: str, ask: Callable[[], Found]) -> Found | None:
        """What `ask` gives, called by this thread or another one from now on. Raises what it raises."""
        with self._lock:
            running = self._running.get(key)
            if running is None:
                turn, is_mine = _Turn[Found](), True
                self._running[key] = turn
            elif running.next is None:
                turn, is_mine = _Turn[Found](), True
                running.next = turn
            else:
                turn, is_mine = running.next, False
        if is_mine:
            self._run(key, turn, running, ask)
        else:
            turn.done.wait()
        return turn.result()

    def _run(self, key: str, turn: _Turn[Found], before: _Turn[Found] | None, ask: Callable[[], Found]) -> None:
        if before is not None:
            before.done.wait()
        try:
            turn.look(ask)
        finally:
            with self._lock:
                if turn.next is None:
                    del self._running[key]
                else:
                    self._running[key] = turn.next
            turn.done.set()
