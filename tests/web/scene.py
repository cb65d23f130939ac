"""What a test of an address with an id needs: the thing that it names, its owner, and what a form about it sends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from tests.support.people import Person
from tests.support.web import Maker


@dataclass(frozen=True, slots=True)
class SetUp:
    """A thing by the values of its address, somebody who may open it, and others who may not."""

    values: Mapping[str, Any]
    owner: Person | None
    strangers: tuple[Person | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """How to make a thing, and what a form about it sends."""

    make: Callable[[Flask, Maker], SetUp]
    data: Mapping[str, str] = field(default_factory=dict)
