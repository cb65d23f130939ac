"""Routes whose addresses are put together by code that is written when an address is first asked for."""

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule


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
