"""Frozen rows are what `dataclass(frozen=True, slots=True)` makes, though their methods come later."""

import copy
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from threading import Barrier

import pytest

from portal.frozen import frozen


class _Plain:
    """A place on the map."""

    name: str
    east: int = 3
    notes: list[str] = field(default_factory=list, compare=False)

    @property
    def shown(self) -> str:
        return f"{self.name}:{self.east}"


def made_by(decorator):
    body = {name: value for name, value in vars(_Plain).items() if name not in {"__dict__", "__weakref__"}}
    return decorator(type("Place", (), {**body, "__qualname__": "Place"}))


@frozen
class Kept:
    number: int


@frozen
class Further(Kept):
    """A row that inherits."""

    word: str = "x"


@frozen
class Checked:
    number: int

    def __post_init__(self) -> None:
        if self.number < 0:
            raise ValueError("too small")

    def __repr__(self) -> str:
        return f"<{self.number}>"


@pytest.fixture(params=[frozen, dataclass(frozen=True, slots=True)], ids=["frozen", "dataclass"])
def place(request):
    return made_by(request.param)


def test_rows_are_alike(place):
    one = place("a", notes=["n"])
    assert (one.name, one.east, one.notes, one.shown) == ("a", 3, ["n"], "a:3")
    assert repr(one) == "Place(name='a', east=3, notes=['n'])"
    assert one == place("a", 3)
    assert one != place("a", 4)
    assert one != made_by(frozen)("a", 3)
    assert {one, place("a")} == {place("a")}
    assert [of.name for of in fields(place)] == ["name", "east", "notes"] == list(place.__slots__)
    assert place.__match_args__ == ("name", "east", "notes")
    assert asdict(replace(one, east=5)) == {"name": "a", "east": 5, "notes": ["n"]}
    assert copy.copy(one) == one
    assert not hasattr(one, "__dict__")


def test_nothing_of_a_row_changes(place):
    one = place("a")
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'name'"):
        one.name = "b"
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'name'"):
        del one.name


def test_nor_is_anything_added_to_it():
    with pytest.raises(AttributeError):
        made_by(frozen)("a").elsewhere = "b"


def test_what_is_missing_or_too_much_is_named(place):
    with pytest.raises(TypeError, match=r"__init__\(\) missing 1 required positional argument: 'name'"):
        place()
    with pytest.raises(TypeError, match="unexpected keyword argument 'west'"):
        place("a", west=1)


def test_what_a_class_says_itself_stays():
    assert repr(Checked(4)) == "<4>"
    with pytest.raises(ValueError, match="too small"):
        Checked(-1)
    assert Further(1) == Further(1, "x")
    assert repr(Further(1)) == "Further(number=1, word='x')"
    assert copy.deepcopy(Further(2)) == Further(2)
    assert Kept(1) != Further(1)
    assert Kept.__doc__ == "Kept"


def test_threads_that_make_the_first_row_at_once_make_the_same():
    for _ in range(20):
        place, ready = made_by(frozen), Barrier(8)

        def make(place=place, ready=ready):
            ready.wait()
            return place("a", 1)

        with ThreadPoolExecutor(8) as threads:
            assert len({threads.submit(make) for _ in range(8)}) == 8
            rows = [one.result() for one in [threads.submit(make) for _ in range(8)]]
        assert set(rows) == {place("a", 1)}
