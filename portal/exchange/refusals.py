"""What the database refused while an import wrote, in one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError

from portal.away import is_away
from portal.errors import DomainError, lazy

log = structlog.get_logger()


@contextmanager
def database_errors(*, is_repeated: bool = False) -> Iterator[None]:
    """Say in one line what the database refused; whatever was written until then is undone.

    Of work that `is_repeated` when the database was away, nothing is said then.
    """
    try:
        yield
    except IntegrityError as error:
        log.warning("import_undone", error=str(error.orig))
        message = lazy(
            "Something else was changed while the import ran, or two names differ only in signs that this database "
            "does not tell apart. Nothing was written. Try again; if that does not help, change one of them. "
            "It says: %(why)s",
            why=str(error.orig),
        )
        raise DomainError(message) from None
    except DBAPIError as error:
        if is_repeated and is_away(error):
            raise
        message = lazy("The database answers with an error. Nothing was written. It says: %(why)s", why=str(error.orig))
        raise DomainError(message) from None
