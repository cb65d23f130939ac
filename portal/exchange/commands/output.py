"""What the import says on a terminal: a bar while it runs, a table, the first errors, and one last sentence."""

import csv
import sys
from pathlib import Path
from types import TracebackType
from typing import Any

import click
from click._termui_impl import ProgressBar
from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _

from portal.errors import DomainError, lazy
from portal.exchange.services import Report, RowResult, Verdict, Written
from portal.formulas import guard

_SHOWN = 20


class Bar:
    """A progress bar with counts on standard error; none where that is no terminal."""

    def __init__(self) -> None:
        self._bar: ProgressBar[int] | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def begin(self, label: Any, total: int) -> None:
        """Show the bar of the next part of the work."""
        self._end()
        if sys.stderr.isatty() and total:
            self._bar = click.progressbar(
                length=total,
                label=f"{label!s:<22}",
                show_pos=True,
                file=sys.stderr,
                update_min_steps=max(1, total // 200),
            )
            self._bar.__enter__()

    def advance(self, steps: int) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(steps)

    def _end(self) -> None:
        if self._bar:
            self._bar.__exit__(None, None, None)
            self._bar = None


def show(report: Report) -> None:
    """Print the counts of each file, what to know, and the first errors."""
    titles = [verdict.value for verdict in Verdict]
    width = max([len(name) for name in report.files], default=0) + 2
    if report.files:
        click.echo(f"{'file':<{width}}{'rows':>8}" + "".join(f"{title:>11}" for title in titles))
    for name, counts in report.counts().items():
        cells = "".join(f"{counts[verdict]:>11,}" for verdict in Verdict)
        click.echo(f"{name:<{width}}{counts.total():>8,}{cells}")
    for remark in report.remarks:
        click.echo(f"{_('Note')}: {remark.file}: {remark.message}")
    errors = report.errors
    if errors:
        click.echo()
    for row in errors[:_SHOWN]:
        click.echo(sentence(row), err=True)
    if (more := len(errors) - _SHOWN) > 0:
        click.echo(
            ngettext(
                "… and %(count)s more error; --report FILE.csv writes all of them.",
                "… and %(count)s more errors; --report FILE.csv writes all of them.",
                more,
                count=format_decimal(more),
            ),
            err=True,
        )


def sentence(row: RowResult) -> str:
    """One error with file, line, column and value."""
    place = _("%(file)s, line %(line)s", file=row.file, line=row.line) if row.line else row.file
    if row.column:
        place = _("%(place)s, column %(column)s", place=place, column=row.column)
    if row.value:
        place = f"{place} “{row.value!s}”"
    return f"{place}: {row.message}"


def save(report: Report, path: Path) -> None:
    """Write the verdict on every row as CSV. Raises DomainError when the file cannot be written."""
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "line", "verdict", "column", "value", "message"])
            for row in (*report.broken, *report.rows):
                texts = [guard(str(text)) for text in (row.file, row.column, row.value, row.message)]
                writer.writerow([texts[0], row.line, row.verdict.value, *texts[1:]])
    except OSError as error:
        raise DomainError(lazy("%(file)s cannot be written: %(why)s", file=str(path), why=error.strerror)) from None


def conclude(report: Report, written: Written | None, *, may_write: bool) -> None:
    """Say what was written, or why nothing was and what to do."""
    click.echo()
    if written:
        _tell(written)
    elif report.broken:
        click.echo(_("Nothing was written: there are files that cannot be read."), err=True)
    elif not may_write:
        count = len(report.errors)
        said = ngettext(
            "Nothing was written: %(count)s row has an error. Mend it, or leave it out with --skip-errors.",
            "Nothing was written: %(count)s rows have errors. Mend them, or leave them out with --skip-errors.",
            count,
            count=format_decimal(count),
        )
        click.echo(said, err=True)
    else:
        click.echo(_("This was a dry run; nothing was written."))
    left_out = sum(row.verdict in {Verdict.ERROR, Verdict.SKIPPED} for row in report.rows) if may_write else 0
    if left_out:
        click.echo(
            ngettext(
                "%(count)s row was left out.",
                "%(count)s rows were left out.",
                left_out,
                count=format_decimal(left_out),
            )
        )


def _tell(written: Written) -> None:
    if not written.rows:
        click.echo(_("Everything is as the files say already; there was nothing to write."))
    else:
        click.echo(
            ngettext(
                "%(count)s row was written.",
                "%(count)s rows were written.",
                written.rows,
                count=format_decimal(written.rows),
            )
        )
    logs = written.logs.created + written.logs.changed + written.logs.deleted
    if logs:
        click.echo(
            ngettext(
                "%(count)s weekly log was planned.",
                "%(count)s weekly logs were planned.",
                logs,
                count=format_decimal(logs),
            )
        )
    if written.overfull:
        click.echo(
            ngettext(
                "%(count)s course has more students than places.",
                "%(count)s courses have more students than places.",
                written.overfull,
                count=format_decimal(written.overfull),
            )
        )
