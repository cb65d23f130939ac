"""Counts of who asked how often: as Flask-Limiter keeps them, with less work."""

from collections.abc import Callable
from time import monotonic
from typing import Any

from flask_limiter import Limiter
from limits.storage import MemoryStorage

# In seconds; a count that is over is taken for none at once, and its place given back at the next sweep.
_SWEPT_EVERY = 60.0


class CalmMemory(MemoryStorage):
    """Counts in the memory of a process, where there is no Redis to share them.

    The library's own store starts a thread for nearly every count, to look for those that are over.

    That took more of a request than all else that the limits need; here whoever comes after a minute sweeps.
    """

    STORAGE_SCHEME = ["calm-memory"]  # noqa: RUF012 (the library registers it by this list)

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        self._swept = monotonic()
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **options)

    def _MemoryStorage__schedule_expiry(self) -> None:  # noqa: N802 (the library's private name)
        if monotonic() - self._swept >= _SWEPT_EVERY:
            self._swept = monotonic()
            self._MemoryStorage__expire_events()  # type: ignore[attr-defined]


class CalmLimiter(Limiter):
    """The library finds out anew with each request which limits there are for it: 400 calls where there is one.

    Whoever knows may count requests before it, see `portal/api/limits.py`.
    """

    _counts_before: Callable[[], bool] | None = None

    def ask_before(self, count: Callable[[], bool]) -> None:
        """Have this count a request first; it says whether it did and the request may go on."""
        self._counts_before = count

    def _check_request_limit(self, callable_name: str | None = None, in_middleware: bool = True) -> None:
        # The library's name for what it does before each view. Called otherwise one day, it does so for all again.
        if in_middleware and self.enabled and self._counts_before and self._counts_before():
            return
        super()._check_request_limit(callable_name, in_middleware)
