"""What stands behind the proxies of Flask."""

from typing import TypeVar

Thing = TypeVar("Thing")


def bare(proxy: Thing) -> Thing:
    """The object itself, for what asks it more than once: through its proxy each attribute takes six calls.

    What surrounds each request asked some hundred and forty times, which was a quarter of a short one.
    """
    found: Thing = proxy._get_current_object()  # type: ignore[attr-defined]
    return found
