"""Whether this process is being stopped, so that what takes long ends after its present step."""

from collections.abc import Callable


def _never() -> bool:
    return False


_questions: list[Callable[[], bool]] = [_never]


def stop_when(question: Callable[[], bool]) -> None:
    """Ask this from now on, in place of what was asked before."""
    _questions[:] = [question]


def is_stopping() -> bool:
    """Whether somebody asked this process to end."""
    return _questions[0]()
