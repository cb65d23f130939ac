"""Counts of who asked how often, in the memory of a process: where there is no Redis to share them."""

from time import monotonic
from typing import Any

from limits.storage import MemoryStorage

# In seconds; a count that is over is taken for none at once, and its place given back at the next sweep.
_SWEPT_EVERY = 60.0


class CalmMemory(MemoryStorage):
    """The library's own store starts a thread for nearly every count, to look for those that are over.

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
