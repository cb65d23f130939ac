"""`flask exchange import` and `flask exchange export`."""

from contextlib import nullcontext
from pathlib import Path

import click

from portal.accounts.commands import in_words
from portal.audit.services import System
from portal.catalogue.calendar import rules_of
from portal.command_line import Commands
from portal.config.present import present_settings
from portal.database import only_reading
from portal.exchange import services
from portal.exchange.commands import output
from portal.exchange.refusals import database_errors
from portal.exchange.services import Checked, Written
from portal.extensions import db

exchange = Commands("exchange", help="Import and export of a term's files.")
_FOLDER = click.Path(path_type=Path)


@exchange.command("import")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--dry-run", is_flag=True, help="Check and report only; write nothing.")
@click.option("--skip-errors", is_flag=True, help="Leave rows with errors out and write the others.")
@click.option("--report", "report_file", type=_FOLDER, help="Write the verdict on every row to this CSV file.")
def import_files(folder: Path, dry_run: bool, skip_errors: bool, report_file: Path | None) -> None:
    """Create and update what the CSV and XLSX files in DIR say, all of it or nothing."""
    with in_words(), database_errors(), output.Bar() as bar, only_reading() if dry_run else nullcontext():
        checked = services.check_folder(folder, bar)
        may_write = checked.report.may_be_written(skip_errors=skip_errors)
        written = _write(checked, bar, skip_errors=skip_errors) if may_write and not dry_run else None
        db.session.rollback()
    output.show(checked.report)
    if report_file:
        with in_words():
            output.save(checked.report, report_file)
    output.conclude(checked.report, written, may_write=may_write)
    if not may_write:
        raise SystemExit(1)


def _write(checked: Checked, bar: output.Bar, *, skip_errors: bool) -> Written:
    rules = rules_of(present_settings())
    written = services.write(checked, rules, System(), skip_errors=skip_errors, progress=bar)
    services.note_run(checked, System(), skip_errors=skip_errors)
    db.session.commit()
    return written


@exchange.command("export")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--xlsx", is_flag=True, help="Write workbooks instead of CSV.")
def export_files(folder: Path, xlsx: bool) -> None:
    """Write all files into DIR; importing them again changes nothing."""
    with in_words(), database_errors(), only_reading():
        exported = services.export_folder(folder, as_workbooks=xlsx)
        db.session.rollback()
    for file in exported:
        click.echo(f"{file.rows:>9,}  {click.format_filename(file.path)}")
