"""Who asks the database for the same at one time shares a look, and none that began before they asked."""

import threading
import time

import pytest

from portal.lane.sharing import Shared

pytestmark = pytest.mark.one_database


class Place:
    """Somewhere to look; each look takes as long as it is held, and finds how many there were."""

    def __init__(self) -> None:
        self.free, self.begun, self.fails = threading.Event(), 0, False

    def look(self) -> int:
        self.begun += 1
        mine = self.begun
        self.free.wait(10)
        if self.fails:
            raise OSError("away")
        return mine


class Asker(threading.Thread):
    """Asks in a thread of its own."""

    def __init__(self, shared: Shared[int], place: Place, key: str = "a") -> None:
        super().__init__(daemon=True)
        self.shared, self.place, self.key = shared, place, key
        self.found: int | Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.found = self.shared.look(self.key, self.place.look)
        except OSError as error:
            self.found = error


def ask(shared: Shared[int], place: Place, many: int) -> list[Asker]:
    """One asks, and once its look has begun so do the others."""
    first = Asker(shared, place)
    wait_until(lambda: place.begun == 1)
    others = [Asker(shared, place) for _ in range(many)]
    wait_until(lambda: shared._running["a"].next is not None)
    time.sleep(0.05)
    return [first, *others]


def wait_until(is_so) -> None:
    for _ in range(1000):
        if is_so():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen")


def test_whoever_waits_shares_the_next_look() -> None:
    shared, place = Shared[int](), Place()
    askers = ask(shared, place, 5)
    place.free.set()
    for asker in askers:
        asker.join(10)
    assert [asker.found for asker in askers] == [1] + [2] * 5
    assert not shared._running
    assert shared.look("a", place.look) == 3


def test_other_things_are_looked_for_beside_it() -> None:
    shared, place, open_place = Shared[int](), Place(), Place()
    open_place.free.set()
    askers = ask(shared, place, 1)
    assert shared.look("b", open_place.look) == 1
    place.free.set()
    for asker in askers:
        asker.join(10)


def test_a_look_that_fails_fails_for_all_who_share_it_and_for_nobody_after() -> None:
    shared, place = Shared[int](), Place()
    place.fails = True
    askers = ask(shared, place, 3)
    place.free.set()
    for asker in askers:
        asker.join(10)
    assert all(isinstance(asker.found, OSError) for asker in askers)
    place.fails = False
    assert shared.look("a", place.look) == 3
    assert not shared._running
