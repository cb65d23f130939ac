"""Frozen dataclasses whose methods are written when one of them is first used.

The standard library writes and compiles six methods for each class. There are more than four hundred, of which a
process uses some dozens: to make them all took a fifth of each start.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type | None = None, /, **options: bool) -> Any:
        """As `dataclasses.dataclass`, which makes all others than those that are frozen and have slots."""
        return _frozen if options == _FROZEN else dataclasses.dataclass(cls, **options)


__all__ = ["dataclass"]

_FROZEN = {"frozen": True, "slots": True}
_LATER = ("__init__", "__repr__", "__eq__", "__hash__")


def _frozen(cls: type) -> type:
    made: Any = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=True)
    names = [name for name in _LATER if vars(cls).get(name) is None]
    for name in names:
        setattr(made, name, _first_use(made, name, names))
    made.__setattr__, made.__delattr__, made.__setstate__ = _refuse_to_set, _refuse_to_delete, _set_state
    return made  # type: ignore[no-any-return]


def _first_use(cls: Any, name: str, names: list[str]) -> Callable[..., Any]:
    """A method that has the class given its own ones, and then does what the one does in whose place it stands."""

    def method(self: Any, *args: Any, **given: Any) -> Any:
        twin = _twin(cls)
        for each in names:
            setattr(cls, each, getattr(twin, each))
        return getattr(cls, name)(self, *args, **given)

    return method


def _twin(cls: Any) -> type:
    """A class of the same fields, made by the standard library at once."""
    fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
    after = {"__post_init__": cls.__post_init__} if hasattr(cls, "__post_init__") else {}
    return dataclasses.make_dataclass(cls.__qualname__, fields, frozen=True, namespace=after)


def _refuse_to_set(_row: Any, name: str, _value: Any) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_row: Any, name: str) -> None:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _set_state(row: Any, state: tuple[None, dict[str, Any]]) -> None:
    """For copies, which are made past `__init__`."""
    for name, value in state[1].items():
        object.__setattr__(row, name, value)
