"""How makers keep what they make: a row commits alone, several that belong together commit once."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from portal.extensions import db

_together: ContextVar[bool] = ContextVar("together", default=False)


def kept(*entities: Any) -> Any:
    """Add and commit these, or only flush them where more is made `together`; gives the first."""
    db.session.add_all(entities)
    if _together.get():
        db.session.flush()
    else:
        db.session.commit()
    return entities[0]


@contextmanager
def together() -> Iterator[None]:
    """What is made within is committed at the end: a commit costs more than the row that it keeps."""
    token = _together.set(True)
    try:
        yield
    finally:
        _together.reset(token)
    if not _together.get():
        db.session.commit()
