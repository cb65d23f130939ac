"""`flask backup create`, `verify` and `restore`."""

from pathlib import Path

import click
from sqlalchemy.exc import SQLAlchemyError

from portal.command_line import Commands, in_short
from portal.config.present import present_settings
from portal.extensions import db
from portal.migrating import known_revisions, telling_how_to_go_on, wait_for_database
from portal.ops import backups
from portal.ops.backup_rows import mark_of
from portal.ops.backups import BackupError

backup = Commands("backup", help="Backups of database and uploaded files.")

_HALF = (
    "The portal is not whole now, so leave web and worker stopped. The backup itself is as it was: mend what stands in "
    "the way and run the same command again."
)


def _default_folder() -> Path:
    return present_settings().portal_data_dir.resolve() / "backups"


@backup.command("create")
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Folder; by default backups in the data folder.")
@click.option("--keep", type=click.IntRange(1, 1000), help="Delete all but so many of the newest in that folder.")
def create(folder: Path | None, keep: int | None) -> None:
    """Write a backup, while the portal runs."""
    wanted = (folder or _default_folder()).resolve()
    wait_for_database(present_settings().database_wait)
    try:
        data, built = present_settings().portal_data_dir.resolve(), present_settings().static_folder().resolve()
        path = backups.create_backup(db.engine.engine, data, wanted, built)
        backups.verify_backup(path)
    except (BackupError, OSError, SQLAlchemyError) as error:
        raise click.ClickException(f"No backup was made. {in_short(error)}") from error
    click.echo(path)
    for name in backups.delete_old_backups(wanted, keep) if keep else ():
        click.echo(f"{name} was deleted.", err=True)


@backup.command("verify")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(path: Path) -> None:
    """Say whether a backup is whole and what is in it."""
    try:
        manifest = backups.verify_backup(path)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    files = sum(name.startswith("files/") for name in manifest["members"])
    rows = sum(manifest["rows"].values())
    click.echo(f"Whole: {rows} rows of {len(manifest['rows'])} tables and {files} files, made {manifest['made_at']}.")
    if mark := mark_of(manifest):
        click.echo(
            f"Mark of the rows: {mark}. Another backup with this mark holds the same, of whichever database it is."
        )


@backup.command("restore")
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask. All that is in the database now is lost.")
def restore(path: Path, yes: bool) -> None:
    """Put a backup in the place of everything that the database holds; stop web and worker before."""
    wait_for_database(present_settings().database_wait)
    if not yes:
        click.confirm("All that is in the database now will be lost. Go on?", abort=True)
    import flask_migrate  # the web imports this too, and does without

    data = present_settings().portal_data_dir.resolve()
    try:
        manifest = backups.restore_backup(
            path, db.engine.engine, data, known_revisions(), lambda to: flask_migrate.upgrade(revision=to)
        )
    except BackupError as error:
        raise click.ClickException(f"Nothing was changed. {error}") from error
    except (OSError, SQLAlchemyError) as error:
        raise click.ClickException(f"The restore stopped: {in_short(error)}\n{_HALF}") from error
    # A backup of an earlier version is restored as it was, then brought up to date.
    with telling_how_to_go_on():
        flask_migrate.upgrade()
    click.echo(f"{sum(manifest['rows'].values())} rows were put back; the state is that of {manifest['made_at']}.")
