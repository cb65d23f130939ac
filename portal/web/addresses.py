"""Addresses: the ids in them, and routes whose addresses are put together by code that is written when first needed."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.routing import IntegerConverter, Rule

from portal.folding import whole_number


def init_addresses(app: Flask) -> None:
    """Let every route name an id by `<id:…>`."""
    app.url_map.converters["id"] = IdConverter


class IdConverter(IntegerConverter):
    """`<id:…>`: an id in an address; one that no column can hold is 0, which is nobody's.

    With `<int(max=…):…>` the router would answer it with 405 where an address has several methods. Digits of other
    scripts are none: one thing has one address.
    """

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """The number, or 0."""
        return whole_number(value) or 0


class LazyRule(Rule):
    """A rule that compiles its builders on first use.

    Werkzeug writes and compiles two functions for each rule while the application is made: for some two hundred
    rules a third of a second, which a web worker would pay at each start and the tests at each application.
    """

    def _compile_builder(self, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        # Werkzeug's own name for it. Should it be called otherwise one day, only the start is slower again.
        made: list[Callable[..., tuple[str, str]]] = []
        write = super()._compile_builder

        def build(rule: Rule, /, **values: Any) -> tuple[str, str]:
            if not made:
                made.append(write(append_unknown))
            return made[0](rule, **values)

        return build
