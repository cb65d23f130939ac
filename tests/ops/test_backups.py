"""Backups: made while people work, checked, and put back into a database that was destroyed."""

import errno
import json
import re
import zipfile
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import has_app_context

from portal import clock
from portal.accounts.models import User
from portal.api.models import KeptAnswer
from portal.catalogue.models import Department
from portal.extensions import db
from portal.ops import backups
from portal.ops.backup_rows import mark_of
from portal.ops.backups import BackupError, delete_old_backups, verify_backup
from tests.support import servers
from tests.support.databases import dispose
from tests.support.revisions import open_at
from tests.support.sql import drop_though_referred_to

# PostgreSQL alone keeps parts of a second, where a migration wrote its own time.
_PARTS = re.compile(r"(datetime\.datetime\((?:\d+, ){5}\d+), \d+(?=, tzinfo|\))")


def _reflect(engine: sa.Engine) -> sa.MetaData:
    metadata = sa.MetaData()
    with engine.connect() as connection:
        metadata.reflect(connection)
    return metadata


def _dump(engine: sa.Engine, metadata: sa.MetaData) -> dict[str, list[tuple[Any, ...]]]:
    with engine.connect() as connection:
        tables = metadata.sorted_tables
        return {
            one.name: sorted(_PARTS.sub(r"\1", repr(row)) for row in connection.execute(one.select())) for one in tables
        }


def _kept(number: int, headers: Any, user_id: int) -> dict[str, Any]:
    """A row with JSON; `null` stands for nothing in its column, as the portal itself writes it."""
    return {"user_id": user_id, "key_hash": str(number), "fingerprint": "f", "claim": "c",
            "headers": sa.null() if headers is None else headers,
            "claimed_until": clock.now(), "expires_at": clock.now()}  # fmt: skip


@pytest.fixture
def filled(fresh_app: Any, make_fresh: Any) -> Any:
    """A portal with people, a course, a week, and a file that somebody uploaded."""
    facilitator = make_fresh.facilitator(first_name="Đặng", last_name="مريم 🌱")
    make_fresh.log(make_fresh.offering(facilitator=facilitator), notes="“Quoted”, back\\slash\nand a second line")
    with fresh_app.app_context():  # what JSON holds: nothing, and keys in an order of its own
        for number, headers in enumerate((None, {"é": "1", "b": None, "a": [2.5]})):
            db.session.execute(sa.insert(KeptAnswer), _kept(number, headers, facilitator.user_id))
        db.session.commit()
    uploaded = fresh_app.config["PORTAL"].portal_data_dir / "files" / "ab" / "abcdef"
    uploaded.parent.mkdir(parents=True)
    uploaded.write_bytes(bytes(range(256)))
    return fresh_app


def _run(app: Any, *words: str) -> Any:
    answer = app.test_cli_runner().invoke(args=["backup", *words])
    with nullcontext() if has_app_context() else app.app_context():
        db.session.remove()
    return answer


def test_what_was_destroyed_is_put_back_and_numbers_go_on_after_it(
    filled: Any, make_fresh: Any, tmp_path: Path
) -> None:
    with filled.app_context():
        engine, metadata = db.engine, _reflect(db.engine)
        before = _dump(engine, metadata)
        made = _run(filled, "create", "--to", str(tmp_path / "kept"))
        assert made.exit_code == 0, made.output
        path = Path(made.output.strip())
        uploaded = filled.config["PORTAL"].portal_data_dir / "files" / "ab" / "abcdef"
        uploaded.unlink()
        with engine.begin() as connection:
            for table in ("activity_trackers", "user_sessions"):
                connection.execute(metadata.tables[table].delete())
        drop_though_referred_to(engine, "modes")
        answer = _run(filled, "restore", str(path), "--yes")
        assert answer.exit_code == 0, answer.output
        assert _dump(engine, metadata) == before
        assert uploaded.read_bytes() == bytes(range(256))
        last = db.session.scalar(sa.select(sa.func.max(User.id))) or 0
        db.session.remove()
    assert last > 0
    assert make_fresh.facilitator().user_id > last


def test_what_is_made_anew_or_gone_is_left_out(filled: Any, tmp_path: Path, monkeypatch: Any) -> None:
    data = filled.config["PORTAL"].portal_data_dir.resolve()
    for folder in ("static/css", "mail"):
        (data / folder).mkdir(parents=True)
        (data / folder / "file").write_text("x")
    found = backups._files
    monkeypatch.setattr(backups, "_files", lambda *given: [*found(*given), data / "files" / "gone"])
    path = Path(_run(filled, "create", "--to", str(tmp_path / "kept")).output.strip())
    members = verify_backup(path)["members"]
    assert [name for name in members if name.startswith("files/")] == ["files/files/ab/abcdef"]


def _typed(app: Any) -> dict[str, list[str]]:
    """All rows of all tables, as the portal reads them on any database."""
    with app.app_context():
        tables = db.metadata.sorted_tables
        found = {
            one.name: sorted(_PARTS.sub(r"\1", repr(row)) for row in db.session.execute(sa.select(one)))
            for one in tables
        }
        db.session.remove()
    return found


@pytest.mark.servers
def test_what_people_do_meanwhile_is_not_half_in_it(
    filled: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, late = backups._revisions, []

    def begin_and_work_on(connection: sa.Connection, metadata: sa.MetaData) -> list[str]:
        found = begun(connection, metadata)
        if connection.dialect.name != "sqlite":  # there whoever writes waits until it is done
            with db.engine.begin() as another:
                another.execute(sa.insert(Department.__table__), {"code": "LATE", "name": "L", "name_folded": "l"})
            late.append("LATE")
        return found

    monkeypatch.setattr(backups, "_revisions", begin_and_work_on)
    many = sa.select(sa.func.count()).select_from(Department)
    with filled.app_context():
        before = db.session.scalar(many)
        db.session.rollback()
        path = backups.create_backup(db.engine, filled.config["PORTAL"].portal_data_dir, tmp_path / "kept", tmp_path)
        assert verify_backup(path)["rows"]["departments"] == before
        assert db.session.scalar(many) == before + len(late)


@pytest.mark.parametrize("steps", [1, 2])
def test_a_backup_is_put_back_into_another_database(
    filled: Any, database_kind: str, steps: int, tmp_path: Path, leave_out: Any, worker: str, monkeypatch: Any
) -> None:
    kind = servers.KINDS[(servers.KINDS.index(database_kind) + steps) % len(servers.KINDS)]
    if not servers.is_there(kind):
        leave_out(f"{kind} is not installed")
    made = _run(filled, "create", "--to", str(tmp_path / "kept"))
    assert made.exit_code == 0, made.output
    # Its tables are those of this revision already; that they are made anew is tried above.
    monkeypatch.setattr(backups, "_empty", lambda _engine: None)
    other = open_at("head", kind, worker, tmp_path / "moved")
    answer = _run(other, "restore", made.output.strip(), "--yes")
    assert answer.exit_code == 0, answer.output
    assert _typed(other) == _typed(filled)
    with other.app_context():
        assert db.session.scalar(sa.select(sa.func.count()).where(KeptAnswer.headers.is_(sa.null()))) == 1
        db.session.remove()
    if steps == 1:  # each database beside the next one, in a circle
        again = _run(other, "create", "--to", str(tmp_path / "again"))
        first, second = (verify_backup(Path(one.output.strip())) for one in (made, again))
        assert {name for name, mark in first["marks"].items() if second["marks"][name] != mark} == set()
        assert mark_of(first) == mark_of(second) != mark_of({"marks": first["marks"] | {"users": "0"}})
    assert (tmp_path / "moved" / "files" / "ab" / "abcdef").read_bytes() == bytes(range(256))
    dispose(other)


@pytest.mark.one_database
def test_a_damaged_backup_is_refused_before_anything_is_touched(filled: Any, tmp_path: Path) -> None:
    with filled.app_context():
        path = Path(_run(filled, "create", "--to", str(tmp_path)).output.strip())
        before = _typed(filled)
        damaged = tmp_path / "damaged.zip"
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(damaged, "w") as copy:
            for name in whole.namelist():
                copy.writestr(name, whole.read(name) + (b"x" if name == "tables/users.jsonl" else b""))
        assert "tables/users.jsonl" in _run(filled, "verify", str(damaged)).output
        assert _run(filled, "restore", str(damaged), "--yes").exit_code == 1
        assert _typed(filled) == before
    (tmp_path / "half.zip").write_bytes(path.read_bytes()[:-100])
    with pytest.raises(BackupError, match="no whole backup"):
        verify_backup(tmp_path / "half.zip")


def _odd(path: Path, original: Path) -> dict[str, bytes]:
    """Files that somebody may take for a backup, by what is wrong with them."""
    whole = original.read_bytes()
    middle = len(whole) // 2
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("manifest.json", "[]")
    return {
        "empty": b"",
        "text": b"SQLite format 3",
        "cut": whole[:-100],
        "damaged": whole[:middle] + bytes(64) + whole[middle + 64 :],
        "another archive": path.read_bytes(),
    }


@pytest.mark.one_database
def test_whatever_is_no_whole_backup_is_refused_in_a_sentence(filled: Any, tmp_path: Path) -> None:
    with filled.app_context():
        path = Path(_run(filled, "create", "--to", str(tmp_path)).output.strip())
        before = _typed(filled)
        for name, content in _odd(tmp_path / "list.zip", path).items():
            (odd := tmp_path / "odd.zip").write_bytes(content)
            for words in (("verify", str(odd)), ("restore", str(odd), "--yes")):
                answer = _run(filled, *words)
                assert (answer.exit_code, "odd.zip" in answer.output) == (1, True), f"{name}: {answer.output}"
        assert _typed(filled) == before


@pytest.mark.one_database
def test_a_backup_of_a_newer_version_is_refused_before_anything_is_touched(filled: Any, tmp_path: Path) -> None:
    with filled.app_context():
        path = Path(_run(filled, "create", "--to", str(tmp_path)).output.strip())
        before = _typed(filled)
        newer = tmp_path / "newer.zip"
        with zipfile.ZipFile(path) as whole, zipfile.ZipFile(newer, "w") as copy:
            for name in whole.namelist():
                content = whole.read(name)
                if name == "manifest.json":
                    content = json.dumps(json.loads(content) | {"revision": ["9999"]}).encode()
                copy.writestr(name, content)
        answer = _run(filled, "restore", str(newer), "--yes")
        assert answer.exit_code == 1
        assert "Nothing was changed." in answer.output
        assert "revision 9999" in answer.output
        assert _typed(filled) == before


def _full(*_given: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.one_database
def test_a_full_disk_is_said_and_nothing_of_the_file_is_left(filled: Any, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(backups, "_add_file", _full)
    answer = _run(filled, "create", "--to", str(tmp_path / "kept"))
    assert answer.exit_code == 1
    assert "No backup was made. [Errno 28] No space left" in answer.output
    assert list((tmp_path / "kept").iterdir()) == []


@pytest.mark.one_database
def test_a_restore_that_stops_says_how_to_go_on(filled: Any, tmp_path: Path, monkeypatch: Any) -> None:
    path = _run(filled, "create", "--to", str(tmp_path / "kept")).output.strip()
    before = _typed(filled)
    with monkeypatch.context() as full:
        full.setattr(backups, "_write_file", _full)
        full.setattr(backups, "_empty", lambda _engine: None)
        answer = _run(filled, "restore", path, "--yes")
    assert answer.exit_code == 1
    assert "The restore stopped: [Errno 28] No space left" in answer.output
    assert "run the same command again" in answer.output
    assert _run(filled, "restore", path, "--yes").exit_code == 0
    assert _typed(filled) == before


@pytest.mark.one_database
def test_it_holds_no_keys_and_only_its_owner_reads_it(filled: Any, tmp_path: Path) -> None:
    with filled.app_context():
        path = Path(_run(filled, "create", "--to", str(tmp_path)).output.strip())
        told = _run(filled, "verify", str(path)).output
        assert "Whole" in told
        assert f"Mark of the rows: {mark_of(verify_backup(path))}" in told
    assert path.stat().st_mode & 0o077 == 0
    with zipfile.ZipFile(path) as archive:
        assert not any("secret_key" in name for name in archive.namelist())
        assert "alembic_version" not in json.loads(archive.read("manifest.json"))["rows"]


@pytest.mark.parametrize("name", ["files/../../stolen", "files//tmp/stolen"])
def test_a_file_that_leads_out_of_the_data_folder_is_refused(tmp_path: Path, name: str) -> None:
    manifest = {"format": 1, "members": {name: "0"}, "rows": {}}
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
    with pytest.raises(BackupError, match="outside"):
        verify_backup(tmp_path / "odd.zip")


def test_so_many_are_kept(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"portal-2026010{number}-000000.zip").touch()
    (tmp_path / "somebody's.zip").touch()
    assert len(delete_old_backups(tmp_path, 2)) == 3
    assert {path.name for path in tmp_path.iterdir()} == {
        "portal-20260104-000000.zip", "portal-20260103-000000.zip", "somebody's.zip",
    }  # fmt: skip
