"""Compliance: a week in five numbers, the matrix of a term, what needs a manager today."""

from dataclasses import dataclass
from typing import Any

from flask import Response, request, url_for
from flask_babel import ngettext
from werkzeug.datastructures import MultiDict

from portal.allocations.queries.facets import groups_of, sum_up
from portal.allocations.routes.choices import Choices, ChoiceSet
from portal.paging import Page
from portal.pulses import has_kept_anew
from portal.roles import Role
from portal.tracker import matrix
from portal.tracker.forms.watching import COURSES, WatchForm, choose_term, choose_week
from portal.tracker.painting import Painter
from portal.tracker.queries import compliance as queries
from portal.tracker.queries import matrix as lines
from portal.tracker.queries.compliance import Watched, WeekSums
from portal.tracker.queries.needs import list_needs
from portal.tracker.queries.rows import Moment
from portal.tracker.routes.blueprint import watch as bp
from portal.tracker.routes.common import moment_now
from portal.web.access import audience
from portal.web.htmx import fragment, list_fragment, wants_fragment
from portal.web.pages import page


class WatchChoices(Choices):
    """The filters of the matrix: what a course is, not how it stands."""

    @property
    def sets(self) -> tuple[ChoiceSet, ...]:
        """Mode and intake."""
        return tuple(one for one in super().sets if one.name != "status")


@dataclass(frozen=True, slots=True)
class View:
    """What an address asks for, settled: the term, its weeks, the week that the numbers are about.

    `matching` are all courses of the term that match, with logs or without.
    """

    form: WatchForm
    weeks: list[WeekSums]
    focus: WeekSums | None
    choices: WatchChoices
    matching: int


def view_asked(moment: Moment, args: MultiDict[str, str], endpoint: str = "compliance.index") -> View:
    """The view that an address or a form asks for. Two statements."""
    asked = WatchForm.read(args)
    groups = groups_of(asked.list.wanted)
    form = asked.of_term(choose_term(asked, groups, moment.today))
    facets = sum_up(groups, form.list.wanted)
    weeks = queries.sums_by_week(form.list.wanted, moment)
    focus = choose_week(form.week, weeks, moment.now, moment.today)
    choices = WatchChoices(form.list, facets, endpoint, **form.others())
    return View(form, weeks, focus, choices, facets.total)


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str | Response:
    """How a term stands."""
    moment = moment_now()
    view = view_asked(moment, request.args)
    form, weeks = view.form, view.weeks
    watched = form.watched(view.focus)
    if form.by == COURSES:
        found = _page_of_courses(watched, view, moment)
        cells = queries.cells_of_courses([line.id for line in found.rows], moment)
        rows = matrix.rows_of_courses(found.rows, cells, weeks)
    else:
        found = lines.page_of_people(watched, form.page, moment)
        sums = queries.cells_of_people([line.id for line in found.rows], form.list.wanted, moment)
        rows = matrix.rows_of_people(found.rows, sums, weeks)
    shown, calm = (rows, []) if watched.state else matrix.split(rows)
    columns = matrix.columns_of(weeks, view.focus)
    due = [week.start for week in weeks if week.due_at < moment.now]
    context: dict[str, Any] = {
        "painter": Painter(form), "view": view, "form": form, "moment": moment, "found": found, "rows": shown,
        "calm": calm, "columns": columns,
        "months": matrix.months_of(columns), "total": queries.total_of(weeks), "choices": view.choices,
        "needs": list_needs(form.list.wanted, due[-2:], moment) if weeks else [],
    }  # fmt: skip
    if not wants_fragment():
        return page("compliance/page.html", **context)
    if "X-Live" in request.headers:
        # The page follows by itself: its filters and its address stay as they are.
        return fragment("compliance/_results.html", **context)
    return _results(form, found.total, context)


def _page_of_courses(watched: Watched, view: View, moment: Moment) -> Page[lines.Line]:
    """A page of the matrix; of a search that is new, the courses are counted in the same statement."""
    if watched.courses.q and watched.state is None and has_kept_anew():
        return lines.first_page_of_courses(watched, view.form.page, moment, view.matching)
    return lines.page_of_courses(watched, view.form.page, moment, queries.count_courses(watched, moment))


def _results(form: WatchForm, total: int, context: dict[str, Any]) -> Response:
    """What a filter or a page of the matrix asked for, with the rest of the page that goes with it."""
    after = {"after": request.args["after"]} if form.list.page.cursor else {}
    said = ngettext("%(num)s row", "%(num)s rows", total)
    address = url_for(".index", **form.to_args(**after))
    return list_fragment("compliance/_results.html", address, said, parts=True, **context)


@bp.get("/numbers")
@audience(Role.MANAGER, Role.ADMIN)
def numbers() -> Response:
    """The five numbers alone: asked for when something has changed."""
    moment = moment_now()
    view = view_asked(moment, request.args)
    if view.focus is None:
        return Response("", 204)
    return fragment("compliance/_numbers.html", view=view, form=view.form, moment=moment)
