"""The ladder: who is told when, in working days; and, whatever happens, never twice, too early or for what is done."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from portal.accounts.models import Manager, ManagerDepartment
from portal.allocations.models import CourseOffering
from portal.catalogue.calendar import Break, working_day
from portal.catalogue.models import CalendarBreak, Module
from portal.extensions import db
from portal.notifications.delivering import DeliveryCounts, deliver_pending
from portal.notifications.models import Notification
from portal.tracker.ladder import ALERT, BEFORE, DUE, ESCALATED, MISSING, TODAY, Ladder, Stage
from portal.tracker.models import ActivityLog, ReminderStage
from portal.tracker.services.reminders import ReminderCounts
from tests.support.mail import DEADLINE, ZONE, parts, settings_of
from tests.support.passes import one_pass, told

pytestmark = pytest.mark.in_turn

STAGES = [Stage(DUE, -2), Stage(TODAY, 0), Stage(MISSING, 1), Stage(ALERT, 2), Stage(ESCALATED, 4)]
KIGALI = ZoneInfo("Africa/Kigali")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONDAY = date(2026, 10, 19)


@pytest.mark.parametrize(
    ("day", "count", "breaks", "found"),
    [
        (MONDAY, -2, (), date(2026, 10, 15)),
        (MONDAY, 0, (), MONDAY),
        (MONDAY, 4, (), date(2026, 10, 23)),
        (date(2026, 10, 24), 0, (), date(2026, 10, 23)),  # a Saturday: the last working day before it
        (date(2026, 10, 24), 1, (), date(2026, 10, 26)),
        (MONDAY, 2, (Break(date(2026, 10, 20), date(2026, 10, 26)),), date(2026, 10, 28)),
        (MONDAY, -1, (Break(date(2026, 10, 12), MONDAY),), date(2026, 10, 8)),
    ],
)
def test_working_days_leave_out_weekends_and_breaks(day, count, breaks, found):
    assert working_day(day, count, breaks) == found


def test_a_stage_begins_in_the_morning_of_the_institution():
    ladder = Ladder(STAGES, KIGALI)
    begins = [ladder.begins_at(stage, DEADLINE) for stage in STAGES]
    assert [moment.isoformat()[:16] for moment in begins] == [
        "2026-10-15T05:00", "2026-10-19T05:00", "2026-10-20T05:00", "2026-10-21T05:00", "2026-10-23T05:00",
    ]  # fmt: skip


ZONES = ["UTC", "Africa/Kigali", "America/Chicago"]
YEAR = datetime(2026, 1, 1, tzinfo=UTC)
moments = st.integers(0, 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes))
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
pauses = st.builds(lambda day, length: Break(day, day + length * DAY), days, st.integers(0, 30))


@settings(max_examples=150, deadline=None)
@given(
    moments,
    moments,
    st.lists(pauses, max_size=4),
    st.integers(-10, 20),
    st.sampled_from(["UTC", "Africa/Kigali", "America/Chicago"]),
)
def test_a_deadline_lies_before_the_cutoff_exactly_when_its_stage_has_begun(now, due, breaks, days_after, zone):
    ladder = Ladder([Stage("one", days_after)], ZoneInfo(zone), breaks)
    assert (due < ladder.cutoffs(now)["one"]) == (ladder.begins_at(ladder.stages[0], due) <= now)


def test_a_stage_that_is_switched_off_has_begun_for_no_deadline():
    ladder = Ladder([replace(STAGES[2], is_active=False)], ZONE)
    assert ladder.cutoffs(DEADLINE)[MISSING] < DEADLINE - 10_000 * DAY


# --- with people


@pytest.fixture
def log(make, frozen_time):
    """The log of the present week, due on Monday, of a facilitator whose course belongs to the first department."""
    return make.log(make.offering(make.facilitator()), 3)


def change(log, **values):
    db.session.execute(update(ActivityLog).where(ActivityLog.id == log.id).values(**values))
    db.session.commit()


def test_the_whole_ladder_for_one_week_that_nobody_hands_in(app, log, make, frozen_time):
    manager, head = make.manager(), make.manager(is_head=True)
    with app.app_context():
        moment = DEADLINE - 5 * DAY
        while moment < DEADLINE + 9 * DAY:
            one_pass(moment, frozen_time)
            moment += 6 * HOUR
        found = told()
        assert Counter(kind for kind, _person in found) == {DUE: 1, TODAY: 1, MISSING: 1, ALERT: 2, ESCALATED: 1}
        assert {person for kind, person in found if kind == ALERT} == {manager.user_id, head.user_id}
        assert [person for kind, person in found if kind == ESCALATED] == [head.user_id]


def test_after_an_outage_each_person_hears_of_a_week_once(app, log, make, frozen_time):
    make.manager()
    with app.app_context():
        assert one_pass(DEADLINE + 30 * DAY, frozen_time) == ReminderCounts(missing=1, people=1, alerted=1, managers=1)
        assert one_pass(DEADLINE + 31 * DAY, frozen_time) == ReminderCounts()


def test_managers_answer_for_their_departments_and_all_for_what_is_nobodys(app, log, make, frozen_time):
    own, other = make.manager(), make.manager()
    make.log(make.offering(make.facilitator()), 3)
    department = make.department().id
    with app.app_context():
        course = db.session.scalar(select(CourseOffering.module_id).where(CourseOffering.id == log.allocation_id))
        db.session.execute(update(Module).where(Module.id == course).values(department_id=department))
        manager_id = db.session.scalar(select(Manager.id).where(Manager.user_id == own.user_id))
        db.session.add(ManagerDepartment(manager_id=manager_id, department_id=department))
        db.session.commit()
        one_pass(DEADLINE + 3 * DAY, frozen_time)
        alerts = db.session.scalars(select(Notification).where(Notification.kind == ALERT)).all()
        weeks = {one.recipient_id: one.params["weeks"] for one in alerts}
    assert weeks == {own.user_id: 2, other.user_id: 1}


def test_without_anybody_to_tell_the_week_waits_for_them(app, log, make, frozen_time):
    with app.app_context():
        assert one_pass(DEADLINE + 3 * DAY, frozen_time).alerted == 0
    make.manager()
    with app.app_context():
        assert one_pass(DEADLINE + 3 * DAY, frozen_time).alerted == 1


@pytest.mark.parametrize(
    "settle",
    [{"submitted_at": DEADLINE}, {"excused_at": DEADLINE}, {"due_at": DEADLINE + 30 * DAY, "deadline_version": 2}],
    ids=["submitted", "excused", "moved"],
)
def test_what_is_settled_between_telling_and_sending_is_not_sent(app, log, make, frozen_time, settle, mail_files):
    make.manager()
    with app.app_context():
        one_pass(DEADLINE + 3 * DAY, frozen_time)
        change(log, **settle)
        assert deliver_pending(settings_of(app)) == DeliveryCounts(suppressed=2)
        one_pass(DEADLINE + 4 * DAY, frozen_time)
        assert len(told()) == 2
    assert mail_files(app) == []


def test_a_facilitator_who_takes_over_is_told_at_the_present_stage_and_managers_are_not_told_again(
    app, log, make, frozen_time
):
    make.manager()
    successor = make.facilitator()
    with app.app_context():
        one_pass(DEADLINE + 3 * DAY, frozen_time)
        change(log, facilitator_id=successor.profile_id)
        assert one_pass(DEADLINE + 3 * DAY + HOUR, frozen_time) == ReminderCounts(missing=1, people=1)
        assert told()[-1] == (MISSING, successor.user_id)


def test_stages_are_moved_and_switched_off(app, log, make, frozen_time):
    with app.app_context():
        db.session.execute(update(ReminderStage).where(ReminderStage.key == DUE).values(working_days=-3))
        db.session.execute(update(ReminderStage).where(ReminderStage.key == MISSING).values(is_active=False))
        db.session.add(CalendarBreak(name="Reading week", start_date=MONDAY - 6 * DAY, end_date=MONDAY - 3 * DAY))
        db.session.commit()
        # Three working days before Monday 19 October, with a break from Tuesday to Friday: Wednesday 7 October.
        assert one_pass(datetime(2026, 10, 8, 6, 59, tzinfo=UTC), frozen_time) == ReminderCounts()
        assert one_pass(datetime(2026, 10, 8, 7, tzinfo=UTC), frozen_time) == ReminderCounts(due=1, people=1)
        assert one_pass(DEADLINE + 9 * DAY, frozen_time) == ReminderCounts()


def test_a_manager_reads_which_weeks_of_whom_are_missing(app, log, make, frozen_time, mail_files):
    make.manager(locale="fr")
    with app.app_context():
        one_pass(DEADLINE + 3 * DAY, frozen_time)
        assert deliver_pending(settings_of(app)).sent == 2
    mail = next(one for one in mail_files(app) if "manque" in one["Subject"])
    plain, html = parts(mail)
    assert mail["Subject"] == "1 semaine manque toujours"
    assert "Semaine 3" in plain
    assert "/compliance/logs?state=missing" in html


deeds = st.sampled_from(["pass", "pass", "pass", "submit", "excuse", "move", "hand on", "back"])
steps = st.lists(st.tuples(st.integers(-30, 60), deeds), min_size=3, max_size=14)


@pytest.mark.one_database
def test_never_twice_never_for_what_is_done_never_before_its_time(app, make, frozen_time):
    """Whatever happens in whatever order while the clock jumps."""
    course = make.offering(make.facilitator()).id
    make.manager()
    people = [make.facilitator() for _ in range(3)]
    ladder = Ladder(STAGES, ZONE)

    @settings(max_examples=25, deadline=None)
    @given(steps)
    def check(taken):
        with app.app_context(), db.session.begin_nested() as point:
            whose = {"allocation_id": course, "facilitator_id": people[0].profile_id}
            row = ActivityLog(**whose, week_number=3, week_start=MONDAY, due_at=DEADLINE)
            db.session.add(row)
            db.session.flush()
            _walk(row, taken, people, ladder)
            point.rollback()

    check()


def _walk(row, taken, people, ladder):
    heard = Counter()
    last = db.session.scalar(select(Notification.id).order_by(Notification.id.desc()).limit(1)) or 0
    moment = DEADLINE - 10 * DAY
    for hours, deed in taken:
        moment += hours * HOUR
        if deed == "submit":
            row.submitted_at = moment
        elif deed == "back":
            row.submitted_at = None
        elif deed == "excuse":
            row.excused_at = None if row.excused_at else moment
        elif deed == "move":
            row.due_at, row.deadline_version = row.due_at + 3 * DAY, row.deadline_version + 1
        elif deed == "hand on":
            row.facilitator_id = people[(row.deadline_version + hours) % 3].profile_id
        db.session.flush()
        _pass_within(moment)
        news = db.session.scalars(select(Notification).where(Notification.id > last).order_by(Notification.id)).all()
        last = news[-1].id if news else last
        for one in news:
            heard[one.dedupe_key] += 1
            stage = next(stage for stage in ladder.stages if stage.key == one.kind)
            assert row.submitted_at is None
            assert row.excused_at is None
            assert ladder.begins_at(stage, row.due_at) <= moment
            assert one.kind not in BEFORE or moment <= row.due_at
    assert set(heard.values()) <= {1}


def _pass_within(moment):
    """A pass without an end of the transaction around it."""
    from portal.notifications.services import notify_many
    from portal.tracker.queries.owed import logs_owed
    from portal.tracker.queries.stages import read_ladder
    from portal.tracker.services import reminders
    from portal.tracker.services.alerting import find_alerts, tell_managers

    cutoffs = read_ladder(ZONE).cutoffs(moment)
    if owed := logs_owed(moment, cutoffs):
        notify_many([reminders._fact(row) for row in owed])
    tell_managers(find_alerts(moment, cutoffs), moment)
