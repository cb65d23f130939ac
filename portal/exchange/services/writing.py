"""The second step of an import: everything that was checked is written in the caller's one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal import clock
from portal.accounts.services.bulk import facilitator_ids, save_facilitators, save_students
from portal.allocations.services.bulk import Ids, Key, save_offerings
from portal.audit.services import Actor
from portal.bulk import Draft, Plan, in_chunks
from portal.catalogue import services as catalogue
from portal.catalogue.calendar import Rules
from portal.enrolments.services import count_overfull, save_enrolments, settle
from portal.errors import lazy
from portal.exchange.services.checking import Checked
from portal.exchange.services.registers import Register
from portal.exchange.services.term import Term
from portal.jobs.works import Progress, Silent
from portal.tracker.services import PlanCounts, plan_logs


@dataclass(frozen=True, slots=True)
class Written:
    """What an import has written: rows of files, and weekly logs."""

    rows: int
    logs: PlanCounts
    overfull: int  # courses of the files that have more students than places


def write(
    checked: Checked, rules: Rules, by: Actor, *, skip_errors: bool = False, progress: Progress | None = None
) -> Written:
    """Write what `check_folder` has planned, and plan the weekly logs. The caller commits.

    Raises ValueError when the report forbids it: rows with errors are only left out on purpose.
    """
    if not checked.report.may_be_written(skip_errors=skip_errors):
        raise ValueError("the report has errors")
    progress = progress or Silent()
    term = checked.term
    rows = sum(len(plan) for plan in term.plans())
    progress.begin(lazy("Writing rows"), rows)
    writer = _Writer(term, clock.today(rules.zone), by, progress)
    offerings = writer.write()
    counts = _plan_logs(None if len(term.breaks.plan) else offerings, rules, progress)
    return Written(rows, counts, count_overfull(writer.rosters))


class _Writer:
    """Writes the plans in an order in which everything refers to what is there already."""

    def __init__(self, term: Term, today: date, by: Actor, progress: Progress) -> None:
        self._term, self._today, self._by, self._progress = term, today, by, progress
        self.rosters: list[int] = []

    def write(self) -> list[int]:
        """Write all plans; gives the ids of the course offerings that were created or changed."""
        term, by = self._term, self._by
        if term.breaks.plan:
            catalogue.save_breaks(term.breaks.plan, by)
            self._progress.advance(len(term.breaks.plan))
        departments = self._departments()
        modules = self._save(term.modules, lambda plan: catalogue.save_modules(plan, departments, by))
        classes = self._save(term.classes, lambda plan: catalogue.save_classes(plan, by))
        cohorts = self._save(term.cohorts, lambda plan: catalogue.save_cohorts(plan, by))
        self._save(term.facilitators, lambda plan: save_facilitators(plan, by))
        students = self._save(term.students, lambda plan: save_students(plan, cohorts, by))
        modes = _stored_ids(term.modes)
        ids = Ids(modules, classes, cohorts, modes, facilitator_ids())
        written: dict[Key, int] = {}
        if term.offerings.plan:
            written = save_offerings(term.offerings.plan, ids, self._today, by)
            self._progress.advance(len(term.offerings.plan))
        if term.enrolments.plan:
            offerings = _stored_ids(term.offerings) | written
            save_enrolments(term.enrolments.plan, offerings, students, by)
            self.rosters = [offerings[draft.offering] for draft in term.enrolments.plan.drafts]
            self._progress.advance(len(term.enrolments.plan))
        # Files say who waits; where they only give a course more places, students move up by themselves.
        settle(set(written.values()) - set(self.rosters), by)
        return list(written.values())

    def _save(self, register: Register[Draft], save: Callable[[Plan[Draft]], dict[str, int]]) -> dict[str, int]:
        """Write one kind; gives the ids of all that is known of it by key."""
        if not register.plan:
            return _stored_ids(register)
        made = save(register.plan)
        self._progress.advance(len(register.plan))
        return _stored_ids(register) | made

    def _departments(self) -> dict[str, int]:
        """The ids of all departments; new ones are made from codes that written rows name."""
        named = {draft.department for draft in self._term.modules.plan.drafts}
        named |= {draft.department for draft in self._term.facilitators.plan.drafts}
        register = self._term.departments
        new = [draft.code for draft in register.plan.new if draft.code in named]
        return _stored_ids(register) | catalogue.save_departments(new, self._by)


def _stored_ids(register: Register[Any]) -> dict[Any, int]:
    return {key: stored.id for key, stored in register.stored.items()}


def _plan_logs(offering_ids: Sequence[int] | None, rules: Rules, progress: Progress) -> PlanCounts:
    """The weekly logs of these offerings; a changed break concerns all of them."""
    if offering_ids is None:
        progress.begin(lazy("Planning weekly logs"), 1)
        counts = plan_logs(None, rules)
        progress.advance(1)
        return counts
    counts = PlanCounts()
    progress.begin(lazy("Planning weekly logs"), len(offering_ids))
    for part in in_chunks(sorted(offering_ids)):
        counts += plan_logs(part, rules)
        progress.advance(len(part))
    return counts
