"""The statements that a request sends, in a form in which a bare driver can send them again."""

import json
from collections.abc import Mapping
from typing import Any

from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

# Names the file in which the server finds them, by the floor's name.
RECORDED = "BENCH_API_RECORDED"
Asked = tuple[str, str, Any]


def recorded(app: Flask, asked: Asked, token: str) -> list[list[Any]]:
    """Statement and values of all that a request sends when its answer is not kept."""
    found: list[list[Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, _context: Any, many: bool) -> None:
        found.extend([_repeatable(statement), _plain(row)] for row in (values if many else [values]))

    method, path, body = asked
    event.listen(Engine, "before_cursor_execute", note)
    try:
        sent = {"Authorization": f"Bearer {token}"}
        answer = app.test_client(use_cookies=False).open(f"/api{path}", method=method, headers=sent, json=body)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert answer.status_code == 200, answer.text
    assert found, f"{path} was answered from what is kept"
    return found


def _repeatable(statement: str) -> str:
    """A log's version is written whatever it was: the one that was seen holds only once."""
    if statement.startswith("UPDATE activity_trackers"):
        statement = statement.replace("version=%(new_version)s", "version=version + 1 + 0 * %(new_version)s")
        statement = statement.replace("activity_trackers.version = %(seen)s", "0 * %(seen)s = 0")
    return statement


def _plain(values: Any) -> Any:
    def plain(value: Any) -> Any:
        return value if isinstance(value, int | float | str | None) else str(value)

    if isinstance(values, Mapping):
        return {name: plain(value) for name, value in values.items()}
    return json.loads(json.dumps([plain(value) for value in values]))
