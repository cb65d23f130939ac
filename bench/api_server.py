"""What `bench/api.py` has served: the portal, and beside it floors that do the least that any answer could cost.

`/floor/NAME` runs the statements that the portal was seen to send for NAME, with the bare driver, and dumps the rows as
JSON; `/hello` says hello. Both are plain Flask without anything around them. `/within/hello` is the same hello as a
route of the portal: it goes through everything that surrounds each of its requests.
"""

import json
import os
import threading
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pymysql
from flask import Flask, Response

from bench.api_recording import RECORDED
from portal import create_app
from portal.web.access import public

_recorded: dict[str, list[Any]] = json.loads(Path(os.environ[RECORDED]).read_text())
_ids: list[Any] = _recorded.pop("ids")
_turns = count(os.getpid())
_local = threading.local()
floor = Flask("floor")


@floor.get("/floor/<name>")
@floor.patch("/floor/<name>")
def repeat(name: str) -> Response:
    """Send the statements again and give the rows of each select."""
    found, seen = [], _recorded[name]
    statements = seen[next(_turns) % len(seen)]
    connection = _connection()
    if name == "update":  # reads need no transaction
        connection.begin()
    with connection.cursor() as cursor:
        for statement, values in _of_another(statements) if name == "update" else statements:
            cursor.execute(statement, values)
            if cursor.description:
                names = [column[0] for column in cursor.description]
                found.append([dict(zip(names, row, strict=True)) for row in cursor.fetchall()])
    if name == "update":
        connection.commit()
    return Response(json.dumps(found, default=str, ensure_ascii=False), mimetype="application/json")


def _of_another(statements: list[list[Any]]) -> list[list[Any]]:
    """The same about another log each time: many that change one wait for each other."""
    seen, other = _ids[0], _ids[next(_turns) % len(_ids)]
    return [
        [statement, {name: other if value == seen else value for name, value in values.items()}]
        for statement, values in statements
    ]


@floor.errorhandler(Exception)
def say_why(error: Exception) -> tuple[str, int]:
    """What went wrong, for whoever measures; the next request gets another connection."""
    _local.__dict__.clear()
    return repr(error), 500


@floor.get("/hello")
def hello() -> str:
    """Hello."""
    return "Hello, world"


def _connection() -> "pymysql.Connection[Any]":
    if not hasattr(_local, "connection"):
        rest = os.environ["DATABASE_URL"].partition("@")[2].partition("?")[0]
        address, _, name = rest.partition("/")
        host, _, port = address.partition(":")
        _local.connection = pymysql.connect(
            host=host, port=int(port), user="root", database=unquote(name), charset="utf8mb4", autocommit=True
        )
        with _local.connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED")
    connection: pymysql.Connection[Any] = _local.connection
    return connection


_portal = create_app()
_portal.add_url_rule("/within/hello", "hello_within", public(hello))


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One or the other, by the address."""
    is_floor = environ["PATH_INFO"].startswith(("/floor/", "/hello"))
    return (floor if is_floor else _portal)(environ, start_response)
