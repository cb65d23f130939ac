"""Rows that nobody changes, made quickly.

`dataclass(frozen=True, slots=True)` compiles six methods for each class: half a millisecond, for hundreds of classes
at each start of a process, which uses few of them. Here they are compiled once somebody makes the first row.
A type checker sees neither slots nor descriptors of such a class: where they are asked for, it is a dataclass still.
"""

from collections.abc import Callable
from dataclasses import FrozenInstanceError, dataclass, field, fields, make_dataclass
from typing import Any, NoReturn, TypeVar, dataclass_transform

_Class = TypeVar("_Class", bound=type)
_COMPILED = ("__init__", "__repr__", "__eq__", "__hash__")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(wanted: _Class) -> _Class:
    """The same as `dataclass(frozen=True, slots=True)`, in a sixth of the time."""
    if wanted.__doc__ is None:
        wanted.__doc__ = wanted.__name__  # otherwise the signature is written out, which takes longer than all else
    own = {name for name in _COMPILED if name in wanted.__dict__}
    made: Any = dataclass(init=False, repr=False, eq=False, slots=True)(wanted)
    for name in _COMPILED:
        if name not in own:
            setattr(made, name, _later(made, name))
    made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
    made.__getstate__, made.__setstate__ = _get_state, _set_state
    return made  # type: ignore[no-any-return]


def _later(made: Any, name: str) -> Callable[..., Any]:
    """A method that stands for the compiled one until the first call of any of them."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        _compile(made)
        return getattr(made, name)(self, *args, **kwargs)

    method.__qualname__ = f"{made.__qualname__}.{name}"
    method.__later__ = True  # type: ignore[attr-defined]
    return method


def _compile(made: Any) -> None:
    namespace = {"__post_init__": made.__post_init__} if hasattr(made, "__post_init__") else {}
    whole = make_dataclass(
        made.__name__, [(one.name, one.type, one) for one in fields(made)], frozen=True, namespace=namespace
    )
    for name in _COMPILED:
        if hasattr(made.__dict__[name], "__later__"):
            setattr(made, name, whole.__dict__[name])


def _refuse_to_set(_self: Any, name: str, _value: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(_self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _get_state(self: Any) -> list[Any]:
    return [getattr(self, one.name) for one in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for one, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, one.name, value)
