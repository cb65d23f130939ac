"""Backups: every row and every uploaded file in one archive, from which any of the three engines can be restored.

The archive is a ZIP: `manifest.json` (revision of the schema, rows of each table, a checksum of each member),
`tables/NAME.jsonl` (one row a line) and `files/…`. Rows are read in one transaction that sees one moment, so a backup
is consistent while people work. They are written alike whichever engine they come from, and the mark of each table,
which does not depend on the order of its rows and columns, shows whether two databases hold the same.
"""

import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Collection, Container, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, Table

from portal import clock
from portal.ops.backup_rows import MARKS, as_json, fitting, from_json, kinds_of, mark_of_row, told

FORMAT = 1
# Folders below the data folder that are no waste: what people uploaded, wherever a feature keeps it.
_LEFT_OUT = frozenset({"backups", "mail", "metrics"})
_NAME = "portal-%Y%m%d-%H%M%S.zip"
_REVISIONS = "alembic_version"
# Nobody writes on a backup to which nothing was added for so many seconds.
_GIVEN_UP = 24 * 3600
_CHUNK = 1000
_PART = 1 << 20
# What a file that is damaged, is something else, or was changed by hand can make of reading it.
_FAULTS = (OSError, EOFError, LookupError, ValueError, TypeError, AttributeError, RuntimeError, zlib.error,
           zipfile.BadZipFile)  # fmt: skip


class BackupError(Exception):
    """A backup cannot be made, read or restored; says why in a sentence."""


def create_backup(engine: Engine, data: Path, folder: Path, built: Path) -> Path:
    """Write a backup into a folder and give its path. A run that is interrupted leaves no file that looks whole.

    What lies in `built` is made anew by each version and is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _delete_given_up(folder)
    path = folder / clock.now().strftime(_NAME)
    unfinished = path.with_suffix(".part")
    with _gone_unless_whole(unfinished), _opened(unfinished) as archive:
        manifest: dict[str, Any] = {"format": FORMAT, "made_at": clock.now().isoformat()}
        manifest |= {"members": {}, "rows": {}, "marks": {}}
        with _one_moment(engine) as connection:
            metadata = _reflect(connection)
            manifest["revision"] = _revisions(connection, metadata)
            for table in metadata.sorted_tables:
                _write_table(archive, connection, table, manifest)
        for file in _files(data, {folder, built}):
            with suppress(FileNotFoundError):  # deleted since it was listed
                _add_file(archive, f"files/{file.relative_to(data).as_posix()}", file, manifest)
        archive.writestr("manifest.json", json.dumps(manifest, indent=1))
    unfinished.rename(path)
    return path


def verify_backup(path: Path) -> dict[str, Any]:
    """The manifest of a backup whose every member is as it was written. Raises BackupError."""
    try:
        with zipfile.ZipFile(path) as archive:
            manifest: dict[str, Any] = json.loads(archive.read("manifest.json"))
            if manifest["format"] != FORMAT:
                raise BackupError(f"{path.name} has format {manifest['format']}, which this version does not read.")
            for name, digest in manifest["members"].items():
                if ".." in Path(name).parts or Path(name.removeprefix("files/")).is_absolute():
                    raise BackupError(f"{path.name}: {name} would lie outside of the data folder.")
                with archive.open(name) as member:
                    found = hashlib.file_digest(member, "sha256").hexdigest()  # type: ignore[arg-type]
                if found != digest:
                    raise BackupError(f"{path.name}: {name} is not as it was written.")
    except _FAULTS as error:
        raise BackupError(f"{path.name} is no whole backup: {error}") from error
    return manifest


def restore_backup(
    path: Path, engine: Engine, data: Path, known: Container[str], migrate: Callable[[str], None]
) -> dict[str, Any]:
    """Put back what a backup holds, in place of all that is there.

    `known` are the revisions of this version, `migrate` brings an empty database to one. The backup is checked before
    anything is touched; rows come in one transaction, so a failure leaves empty tables and never a part of them.
    """
    manifest = verify_backup(path)
    if (revision := manifest["revision"][0]) not in known:
        raise BackupError(f"{path.name} is of another version of the portal, with tables of revision {revision}, which "
                          "this version does not know: restore it with that one.")  # fmt: skip
    _empty(engine)
    migrate(manifest["revision"][0])
    with zipfile.ZipFile(path) as archive:
        with engine.begin() as connection:
            metadata = _reflect(connection)
            _without_checks(connection, lambda: _put_back(archive, connection, metadata))
        for name in manifest["members"]:
            if name.startswith("files/"):
                _write_file(data / name.removeprefix("files/"), archive, name)
    return manifest


def delete_old_backups(folder: Path, keep: int) -> list[str]:
    """Delete all but the newest backups of a folder; gives the names of the deleted ones."""
    found = sorted(folder.glob("portal-*.zip"), reverse=True)
    for path in found[keep:]:
        path.unlink()
    return [path.name for path in found[keep:]]


def _delete_given_up(folder: Path) -> None:
    """Delete what a process that was killed left of a backup: each is as large as one, and one a night fills a disk."""
    for path in folder.glob("portal-*.part"):
        with suppress(FileNotFoundError):
            if clock.now().timestamp() - path.stat().st_mtime > _GIVEN_UP:
                path.unlink()


@contextmanager
def _gone_unless_whole(path: Path) -> Iterator[None]:
    """Leave nothing of a file whose writing fails: on a full disk it would be in the way of everything else."""
    try:
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> zipfile.ZipFile:
    # Only its owner may read it: it holds all that the portal knows.
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=4)


def _one_moment(engine: Engine) -> Any:
    """A connection whose reads all see the same moment."""
    if engine.dialect.name == "sqlite":
        return engine.connect()
    return engine.connect().execution_options(isolation_level="REPEATABLE READ")


def _reflect(connection: Connection) -> sa.MetaData:
    metadata = sa.MetaData()
    metadata.reflect(connection)
    for column in (column for table in metadata.tables.values() for column in table.columns):
        if isinstance(column.type, sa.JSON):
            column.type.none_as_null = True  # or what holds nothing would be put back as a text that says so
    return metadata


def _revisions(connection: Connection, metadata: sa.MetaData) -> list[str]:
    if _REVISIONS not in metadata.tables:
        raise BackupError("This database holds no portal: bring it up to date first (flask db upgrade).")
    return [row[0] for row in connection.execute(metadata.tables[_REVISIONS].select())]


def _write_table(archive: zipfile.ZipFile, connection: Connection, table: Table, manifest: dict[str, Any]) -> None:
    if table.name == _REVISIONS:
        return
    name, digest, count, mark = f"tables/{table.name}.jsonl", hashlib.sha256(), 0, 0
    kinds = kinds_of(table)
    with archive.open(name, "w", force_zip64=True) as member:
        for found in connection.execution_options(yield_per=_CHUNK).execute(table.select()).mappings():
            row = {column: told(value, kinds.get(column)) for column, value in found.items()}
            line = json.dumps(row, default=as_json, ensure_ascii=False).encode() + b"\n"
            member.write(line)
            digest.update(line)
            count += 1
            mark += mark_of_row(row)
    manifest["members"][name], manifest["rows"][table.name] = digest.hexdigest(), count
    manifest["marks"][table.name] = f"{mark % MARKS:064x}"


def _add_file(archive: zipfile.ZipFile, name: str, file: Path, manifest: dict[str, Any]) -> None:
    """Add a file of any size, a part of it at a time."""
    digest = hashlib.sha256()
    with file.open("rb") as source, archive.open(name, "w", force_zip64=True) as member:
        while part := source.read(_PART):
            member.write(part)
            digest.update(part)
    manifest["members"][name] = digest.hexdigest()


def _files(data: Path, others: Collection[Path]) -> Iterator[Path]:
    """What was uploaded: every file in a folder of the data folder; databases and secrets lie beside those folders."""
    for path in sorted(data.glob("*/**/*")):
        inside = path.relative_to(data).parts[0]
        if path.is_file() and inside not in _LEFT_OUT and not any(other in path.parents for other in others):
            yield path


def _empty(engine: Engine) -> None:
    with engine.begin() as connection:
        metadata = sa.MetaData()
        # What is put back may be what was destroyed: tables may refer to one that is gone.
        metadata.reflect(connection, resolve_fks=False)
        for table in metadata.tables.values():
            for key in [one for one in table.foreign_keys if one.target_fullname.split(".")[0] not in metadata.tables]:
                table.foreign_keys.discard(key)
        # First what says that all is there: on MariaDB each statement stays, and nobody may take a part for the whole.
        if (revisions := metadata.tables.get(_REVISIONS)) is not None:
            revisions.drop(connection)
        _without_checks(connection, lambda: metadata.drop_all(connection))


def _without_checks(connection: Connection, do: Callable[[], None]) -> None:
    """Do something while rows and tables need not come in the order of their foreign keys."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        do()
    elif connection.dialect.name in {"mysql", "mariadb"}:
        connection.exec_driver_sql("SET foreign_key_checks=0")
        do()
        connection.exec_driver_sql("SET foreign_key_checks=1")
    else:
        do()


def _put_back(archive: zipfile.ZipFile, connection: Connection, metadata: sa.MetaData) -> None:
    tables = [table for table in metadata.sorted_tables if table.name != _REVISIONS]
    for table in reversed(tables):
        connection.execute(table.delete())
    for table in tables:
        with archive.open(f"tables/{table.name}.jsonl") as member:
            chunk: list[dict[str, Any]] = []
            for line in member:
                row = json.loads(line, object_hook=from_json)
                chunk.append({name: fitting(value, table.columns[name].type) for name, value in row.items()})
                if len(chunk) == _CHUNK:
                    connection.execute(table.insert(), chunk)
                    chunk = []
            if chunk:
                connection.execute(table.insert(), chunk)
        _go_on_counting(connection, table)


def _go_on_counting(connection: Connection, table: Table) -> None:
    """PostgreSQL numbers new rows by a sequence, which rows with numbers of their own leave where it was."""
    keys = list(table.primary_key.columns)
    if connection.dialect.name != "postgresql" or len(keys) != 1 or not isinstance(keys[0].type, sa.Integer):
        return
    sequence = connection.scalar(sa.select(sa.func.pg_get_serial_sequence(table.name, keys[0].name)))
    if sequence and (last := connection.scalar(sa.select(sa.func.max(keys[0])))):
        connection.execute(sa.select(sa.func.setval(sequence, last)))


def _write_file(path: Path, archive: zipfile.ZipFile, name: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with archive.open(name) as member, path.open("wb") as file:
        shutil.copyfileobj(member, file, _PART)
