"""Backups and restores whose process was killed."""

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db


class _Killed(BaseException):
    pass


def _run(app: Flask, *words: str) -> Any:
    return app.test_cli_runner().invoke(args=["backup", *words], catch_exceptions=False)


@pytest.mark.one_database
def test_what_is_left_of_a_backup_is_deleted_by_one_of_the_next_days(fresh_app: Flask, tmp_path: Path) -> None:
    kept, given_up = tmp_path / "portal-20261128-031500.part", tmp_path / "portal-20261127-031500.part"
    for path in (kept, given_up):
        path.write_bytes(b"half")
    yesterday = kept.stat().st_mtime - 25 * 3600
    os.utime(given_up, (yesterday, yesterday))
    assert _run(fresh_app, "create", "--to", str(tmp_path)).exit_code == 0
    assert list(tmp_path.glob("*.part")) == [kept], "another process may be writing on it"


def test_half_of_a_database_is_not_taken_for_the_whole(fresh_app: Flask, tmp_path: Path) -> None:
    """MariaDB keeps what was dropped until then; elsewhere nothing has happened."""
    path = _run(fresh_app, "create", "--to", str(tmp_path)).output.strip()
    with fresh_app.app_context():
        engine = db.engine
    dropped: list[str] = []

    def look(_connection: Any, _cursor: Any, sent: str, *_: Any) -> None:
        if sent.split()[:1] == ["DROP"]:
            dropped.append(sent)
        if len(dropped) > 3:
            raise _Killed

    sa.event.listen(engine, "before_cursor_execute", look)
    with pytest.raises(_Killed):
        _run(fresh_app, "restore", path, "--yes")
    sa.event.remove(engine, "before_cursor_execute", look)
    assert sa.inspect(engine).has_table("alembic_version") is (engine.dialect.name != "mysql")
    upgraded = fresh_app.test_cli_runner().invoke(args=["db", "upgrade"])
    assert ("backup restore FILE" in upgraded.output) == (engine.dialect.name == "mysql")
    assert _run(fresh_app, "restore", path, "--yes").exit_code == 0
