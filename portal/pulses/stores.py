"""What a process keeps: the latest things, so many of them or so much."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any


class Store:
    """The latest things that were kept, shared by the threads of the process; together no larger than `most`."""

    def __init__(self, most: int, size: Callable[[Any], int] = lambda _thing: 1) -> None:
        self._most, self._size = most, size
        self._lock = Lock()
        self._things: OrderedDict[Hashable, Any] = OrderedDict()
        self._held = 0
        _stores.append(self)

    def get(self, key: Hashable) -> Any | None:
        """What is kept under a key; None for nothing."""
        with self._lock:
            found = self._things.get(key)
            if found is not None:
                self._things.move_to_end(key)
            return found

    def put(self, key: Hashable, thing: Any) -> None:
        """Keep a thing, and give up those that nobody has asked for as long as there is no room for it."""
        with self._lock:
            self._held += self._size(thing) - (self._size(self._things[key]) if key in self._things else 0)
            self._things[key] = thing
            while self._held > self._most:
                self._held -= self._size(self._things.popitem(last=False)[1])

    def drop(self, key: Hashable) -> None:
        """Give up what is kept under a key, if anything is."""
        with self._lock:
            if key in self._things:
                self._held -= self._size(self._things.pop(key))

    def clear(self) -> None:
        """Keep nothing."""
        with self._lock:
            self._things.clear()
            self._held = 0


_stores: list[Store] = []


def forget_all() -> None:
    """Keep nothing in any of them."""
    for store in _stores:
        store.clear()
