"""Databases as an earlier version of the portal left them."""

from itertools import count
from pathlib import Path

from flask import Flask

from tests.support import servers
from tests.support.databases import MIGRATED, build_app, dispose, migrate

_numbers = count(1)


def open_at(revision: str, kind: str, worker: str, folder: Path) -> Flask:
    """An application on a database of its own at a revision: migrated once for a run and kind, and copied."""
    name = f"at_{revision}_{worker}_{next(_numbers)}"

    def make(url: str) -> None:
        app = build_app(url, folder / "original")
        migrate(app, revision)
        dispose(app)

    original = MIGRATED if revision == "head" else f"at_{revision}"
    return build_app(servers.copy_database(kind, original, name, make=make), folder)
