"""What exists, and what will exist after this run, by human key."""

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any, Generic, cast

from portal.bulk import Draft, Edit, Plan, Stored
from portal.folding import fold

# Each course names the same modules, classes and cohorts again.
_folded = lru_cache(maxsize=10_000)(fold)


def _alike(key: Any) -> Hashable:
    """Keys that are the same thing: MariaDB's unique keys see neither case nor accents, so nobody does."""
    if isinstance(key, tuple):
        return tuple([_alike(part) for part in key])
    return (_folded(key) or key) if isinstance(key, str) else cast(Hashable, key)


class Register(Generic[Draft]):
    """One kind of things: what is stored, what the run adds or changes, and which lines of files were wrong."""

    def __init__(self, load: Callable[[], Mapping[Any, Stored[Draft]]]) -> None:
        self._load = load
        self._stored: dict[Hashable, Stored[Draft]] | None = None
        self._names: dict[Hashable, Any] = {}
        self.plan: Plan[Draft] = Plan()
        self._seen: dict[Hashable, tuple[int, Draft]] = {}
        self._wrong: dict[Hashable, tuple[str, int]] = {}

    @property
    def stored(self) -> dict[Hashable, Stored[Draft]]:
        """What the database holds by key, read when first asked for."""
        if self._stored is None:
            self._stored = dict(self._load())
            self._names = {_alike(key): key for key in self._stored} | self._names
        return self._stored

    def stored_now(self) -> dict[int, Draft]:
        """What the database holds at this moment, by id."""
        return {stored.id: stored.draft for stored in self._load().values()}

    def spelling_of(self, key: Any) -> Any:
        """The key as it is spelled where it is known, in the database or an earlier line; None for an unknown one."""
        return key if key in self.stored or key in self._seen else self._names.get(_alike(key))

    def earlier(self, key: Hashable) -> tuple[int, Draft] | None:
        """The line of this run's file that holds this key already, with its draft."""
        return self._seen.get(key)

    def take(self, key: Hashable, line: int, draft: Draft) -> Stored[Draft] | None:
        """Note a good line and plan what it asks for; gives what was stored."""
        self._seen[key] = (line, draft)
        self._names.setdefault(_alike(key), key)
        stored = self.stored.get(key)
        if stored is None:
            self.plan.new.append(draft)
        elif stored.draft != draft:
            self.plan.edits.append(Edit(stored.id, stored.draft, draft))
        return stored

    def refuse(self, key: Hashable, file: str, line: int) -> None:
        """Note a line with an error, so that rows which depend on it can say so."""
        self._wrong.setdefault(_alike(key), (file, line))

    def refused(self, key: Hashable) -> tuple[str, int] | None:
        """File and line of the row with an error that has this key."""
        return self._wrong.get(_alike(key))
