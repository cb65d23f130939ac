"""Asking the database how the bearer of a token stands: one statement, with the bare driver."""

from collections.abc import Callable
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import Select
from sqlalchemy.engine import Engine

from portal import clock
from portal.accounts.queries.standings import OF_FAMILY, OF_TOKEN
from portal.accounts.services.api_tokens import NOTED_EVERY
from portal.database import UtcDateTime
from portal.lane.sharing import Shared
from portal.measuring import Asked


class Looker:
    """Asks one database. The statements are written once, for its driver; all that wait for one token share one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        kind: Any = UtcDateTime().dialect_impl(engine.dialect)
        self._moment: Callable[[datetime], Any] = kind.bind_processor(engine.dialect) or (lambda moment: moment)
        self._shared: Shared[str | None] = Shared()
        self._of_family = self._written(OF_FAMILY)
        self._of_token = self._written(OF_TOKEN)

    def of_family(self, family: str, asked: Asked) -> str | None:
        """How the bearer of a token of this family stands; None for one that is to be asked for in full."""

        def ask() -> str | None:
            return self._look(self._of_family, {"key": family, "now": self._moment(clock.now())}, asked)

        return self._shared.look(family, ask)

    def of_token(self, token_hash: str, asked: Asked) -> str | None:
        """The same by the hash of a personal token, whose use is no news."""

        def ask() -> str | None:
            now = clock.now()
            noted = now - NOTED_EVERY + timedelta(seconds=1)
            values = {"key": token_hash, "now": self._moment(now), "noted": self._moment(noted)}
            return self._look(self._of_token, values, asked)

        return self._shared.look(token_hash, ask)

    def _written(self, statement: Select[Any]) -> tuple[str, Callable[[dict[str, Any]], Any]]:
        """The text for the driver, and how it takes the values."""
        written: Any = statement.compile(dialect=self._engine.dialect)
        fixed = dict(written.params)
        if not written.positional:
            return str(written), lambda values: fixed | values
        names = tuple(written.positiontup)
        return str(written), lambda values: tuple([values.get(name, fixed[name]) for name in names])

    def _look(
        self, by: tuple[str, Callable[[dict[str, Any]], Any]], values: dict[str, Any], asked: Asked
    ) -> str | None:
        text, order = by
        began = perf_counter()
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(text, order(values))
            rows = cursor.fetchall()
            cursor.close()
        except Exception as error:
            connection.invalidate(error)
            raise
        finally:
            connection.close()
        asked.statements += 1
        asked.seconds += perf_counter() - began
        return rows[0][0] if len(rows) == 1 else None
