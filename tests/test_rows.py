"""Rows are what the standard library makes of them, only later."""

import copy
import dataclasses
from dataclasses import FrozenInstanceError, asdict, astuple, field, fields, replace
from typing import Any

import pytest

from portal import rows


def define(made: Any) -> Any:
    """A class with fields of every kind that there is."""

    @made(frozen=True, slots=True)
    class Week:
        number: int
        title: str = "A week"
        note: str = field(default="", compare=False, repr=False)
        items: Any = field(default_factory=list)
        place: str = field(default="here", kw_only=True)

        def __post_init__(self) -> None:
            if self.number < 1:
                raise ValueError("number")

    return Week


def define_named(made: Any) -> Any:
    """A class that says itself what it is called."""

    @made(frozen=True, slots=True)
    class Named:
        name: str

        def __repr__(self) -> str:
            return "named"

    return Named


@rows.dataclass(frozen=True, slots=True)
class Kept:
    """One that can be found by its name."""

    day: int


def refusal(cls: Any, given: tuple[Any, ...]) -> str:
    """What it says when it is made with what it does not take."""
    with pytest.raises((TypeError, ValueError)) as refused:
        cls(*given)
    return str(refused.value).rpartition(".")[2]


def test_they_are_made_with_the_same_and_refuse_the_same() -> None:
    for given in [(), (1, "x", "y", [], "z"), (0,)]:
        assert refusal(define(rows.dataclass), given) == refusal(define(dataclasses.dataclass), given)
    late, early = define(rows.dataclass), define(dataclasses.dataclass)
    assert [each.name for each in fields(late)] == [each.name for each in fields(early)]
    assert late.__match_args__ == early.__match_args__
    for given, named in [((1,), {}), ((2, "x"), {"place": "there"}), ((3, "x", "y", [1]), {})]:
        assert asdict(late(*given, **named)) == asdict(early(*given, **named))
        assert repr(late(*given, **named)) == repr(early(*given, **named))
    assert late(1).items is not late(1).items


@pytest.mark.parametrize("first", ["__eq__", "__hash__", "__repr__"])
def test_whatever_is_used_first(first: str) -> None:
    cls = define(rows.dataclass)
    one, other = object.__new__(cls), object.__new__(cls)
    for each in (one, other):  # as a copy is made: past its `__init__`
        each.__setstate__((None, {"number": 1, "title": "x", "note": str(id(each)), "items": (), "place": ""}))
    assert one == other if first == "__eq__" else getattr(cls, first)(one) == getattr(cls, first)(other)
    assert one == other != replace(one, number=2)
    assert one != define(rows.dataclass)(1, "x", "", (), place=""), "of another class"
    assert len({one, other, replace(one, number=2)}) == 2


def test_they_do_not_change_and_are_copied() -> None:
    row = Kept(1)
    for name in ("day", "new"):
        with pytest.raises(FrozenInstanceError):
            setattr(row, name, 2)
    with pytest.raises(FrozenInstanceError):
        del row.day
    assert not hasattr(row, "__dict__")
    assert copy.deepcopy(row) == row
    assert astuple(replace(row, day=5)) == (5,)


def test_what_a_class_says_itself_stands() -> None:
    for cls in (define_named(rows.dataclass), define_named(dataclasses.dataclass)):
        assert repr(cls("x")) == "named"
        assert cls("x") == cls("x") != cls("y")
