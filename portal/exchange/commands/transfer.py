"""`flask exchange import` and `flask exchange export`."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError, OperationalError

from portal.accounts.commands import in_words
from portal.audit.services import System
from portal.catalogue.calendar import rules_of
from portal.database import reading_only
from portal.errors import DomainError, lazy
from portal.exchange import services
from portal.exchange.commands import output
from portal.exchange.services import Checked, Written
from portal.extensions import db

exchange = AppGroup("exchange", help="Import and export of a term's files.")
_FOLDER = click.Path(path_type=Path)


@exchange.command("import")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--dry-run", is_flag=True, help="Check and report only; write nothing.")
@click.option("--skip-errors", is_flag=True, help="Leave rows with errors out and write the others.")
@click.option("--report", "report_file", type=_FOLDER, help="Write the verdict on every row to this CSV file.")
def import_files(folder: Path, dry_run: bool, skip_errors: bool, report_file: Path | None) -> None:
    """Create and update what the CSV and XLSX files in DIR say, all of it or nothing."""
    reading_only.set(dry_run)
    with in_words(), output.Bar() as bar:
        checked = services.check_folder(folder, bar)
        report = checked.report
        may_write = report.may_be_written(skip_errors=skip_errors)
        written = None
        if may_write and not dry_run:
            written = _write(checked, skip_errors=skip_errors, bar=bar)
        else:
            db.session.rollback()
    output.show(report)
    if report_file:
        with in_words():
            output.save(report, report_file)
    output.conclude(report, written, dry_run=dry_run)
    if not may_write:
        raise SystemExit(1)


def _write(checked: Checked, *, skip_errors: bool, bar: output.Bar) -> Written:
    """Write and commit; what somebody else did meanwhile is told as such."""
    rules = rules_of(current_app.config["PORTAL"])
    try:
        written = services.write(checked, rules, System(), skip_errors=skip_errors, progress=bar)
        db.session.commit()
    except (IntegrityError, OperationalError) as error:
        db.session.rollback()
        current_app.logger.warning("import undone: %s", error.orig)
        raise DomainError(
            lazy(
                "The database refused the import: something else was changed meanwhile. Nothing was written; try again."
            )
        ) from None
    return written


@exchange.command("export")
@click.argument("folder", metavar="DIR", type=_FOLDER)
def export_files(folder: Path) -> None:
    """Write all files into DIR; importing them again changes nothing."""
    reading_only.set(True)
    with in_words():
        exported = services.export_folder(folder)
    db.session.rollback()
    for file in exported:
        click.echo(f"{file.rows:>9,}  {file.path}")
