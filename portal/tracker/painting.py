"""Cells of the matrix as HTML: drawn once for each kind by their macro, then filled in. A page has hundreds of them."""

from datetime import date
from typing import Any
from urllib.parse import quote_plus

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup, escape

from portal.tracker.forms.watching import WatchForm
from portal.tracker.matrix import Box
from portal.tracker.queries.matrix import Line
from portal.tracker.words import state_word

# Stands where the address comes in; no word and no number holds it.
_ADDRESS = "\ue000"
# Stand in an address for a week and for somebody, and are written there as they are.
_WEEK, _SOMEBODY = "0week0", "0somebody0"


class Painter:
    """Draws the cells of one answer."""

    def __init__(self, form: WatchForm) -> None:
        self._form = form
        self._cell: Any = current_app.jinja_env.get_template("ui/state.html").module.cell  # type: ignore[attr-defined]
        self._drawn: dict[tuple[Any, ...], str] = {}
        self._log = url_for("tracker.log", log_id=0).removesuffix("0")
        # Made once: a page has hundreds of them.
        args = form.to_args(week=_WEEK, facilitator=[_SOMEBODY], by="", state="")
        self._logs = url_for("compliance.logs", **args)
        self._lists: dict[int, str] = {}

    def paint(self, box: Box) -> Markup:
        """The cell of a log, which leads to it."""
        return self._draw(box, f"{self._log}{box.log_id}")

    def paint_of(self, box: Box, line: Line, week: date) -> Markup:
        """The cell of a facilitator, which leads to the logs of that week."""
        return self._draw(box, self._list(line, week))

    def _draw(self, box: Box, address: str) -> Markup:
        several = box.log_id is None
        kind = (box.state, box.week_number, box.days_late, *((box.of, box.total) if several else ()))
        if kind not in self._drawn:
            self._drawn[kind] = str(self._cell(box.state.value, _ADDRESS, _note(box), _label(box)))
        return Markup(self._drawn[kind].replace(_ADDRESS, str(escape(address))))  # noqa: S704  # the parts are escaped

    def _list(self, line: Line, week: date) -> str:
        if line.id not in self._lists:
            somebody = quote_plus(f"{line.name} ({line.code})")
            self._lists[line.id] = self._logs.replace(_SOMEBODY, somebody)
        return self._lists[line.id].replace(_WEEK, week.isoformat())


def _note(box: Box) -> str | None:
    if box.log_id is None:
        return str(_("%(of)s/%(total)s", of=box.of, total=box.total))
    return str(_("+%(days)s d", days=box.days_late)) if box.days_late else None


def _label(box: Box) -> str:
    week, word = box.week_number, state_word(box.state).lower()
    if box.log_id is None:
        return str(_("Week %(week)s: %(of)s of %(total)s %(state)s", week=week, of=box.of, total=box.total, state=word))
    if box.days_late:
        return str(
            ngettext("Week %(week)s: late, %(num)s day", "Week %(week)s: late, %(num)s days", box.days_late, week=week)
        )
    return str(_("Week %(week)s: %(state)s", week=week, state=word))
