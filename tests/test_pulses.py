"""What is kept between requests is never older than what anybody has committed."""

import threading

import pytest
from sqlalchemy import select, text, update

from portal import clock
from portal.accounts.models import User
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.allocations.queries import OfferingFilter
from portal.allocations.services.bulk_rules import BulkChange, Deed
from portal.allocations.services.standing import change_status
from portal.audit.services import System
from portal.catalogue.models import Module
from portal.extensions import db
from portal.pulses import PULSES_NOW, Pulse, kept, present_pulses, pulse_of, take
from portal.tracker import queries, services
from portal.tracker.models import ActivityLog, ItemStatus
from portal.tracker.queries import Moment
from portal.tracker.queries.compliance import sums_by_week
from portal.tracker.services import Edit, plan_logs
from tests.support.bulk_changes import chosen, do
from tests.support.people import PASSWORD
from tests.support.teaching import RULES


@pytest.fixture
def pulses(fresh_app):
    """Gives the pulses of courses and weeks as they are committed."""

    def do():
        with fresh_app.app_context():
            return pulses_within()

    return do


@pytest.fixture
def manager(fresh_app, make_fresh):
    client = fresh_app.test_client()
    person = make_fresh.manager(password=PASSWORD)
    fresh_app.config["WTF_CSRF_ENABLED"] = False
    assert client.post("/login", data={"email": person.email, "password": PASSWORD}).status_code == 303
    return client


@pytest.fixture
def course(fresh_app, make_fresh):
    offering = make_fresh.offering(make_fresh.facilitator())
    with fresh_app.app_context():
        plan_logs([offering.id], RULES)
        db.session.commit()
    return offering


def test_the_second_look_counts_nothing_anew(manager, course, count_sql, monkeypatch):
    monkeypatch.setattr("portal.pulses._FRESH", 60.0)  # however long the looks take

    def counted(sql):
        return sum("GROUP BY" in statement for statement in sql)

    with count_sql() as first:
        manager.get("/compliance/")
    with count_sql() as second:
        again = manager.get("/compliance/")
    assert len(second) < len(first)
    with count_sql() as third:
        assert manager.get("/compliance/").text.count('class="cell') == again.text.count('class="cell')
    assert len(third) == len(second)


def test_what_is_written_is_counted_by_the_next_request(fresh_app, manager, make_fresh, course):
    assert "1 course" in manager.get("/allocations/").text
    make_fresh.offering()
    assert "2 courses" in manager.get("/allocations/").text
    with fresh_app.app_context():
        db.session.execute(update(CourseOffering).values(status=OfferingStatus.CANCELLED))
        db.session.commit()
    assert "0 courses" not in manager.get("/allocations/").text
    assert "Cancelled <span>2</span>" in manager.get("/allocations/").text
    assert "No weekly logs" in manager.get("/compliance/").text


@pytest.mark.parametrize("way", ["entity", "statement", "delete"])
def test_every_way_of_writing_raises_the_pulse_once(fresh_app, make_fresh, pulses, way):
    module = make_fresh.module()
    before = pulses()
    with fresh_app.app_context():
        if way == "entity":
            db.session.get(Module, module.id).name = "Otherwise"
        elif way == "statement":
            db.session.execute(update(Module).where(Module.id == module.id).values(name="Otherwise"))
            db.session.execute(update(Module).where(Module.id == module.id).values(credits=7))
        else:
            db.session.delete(db.session.get(Module, module.id))
        assert pulses_within() == before
        db.session.commit()
    assert pulses() == (before[0] + 1, before[1])


def pulses_within():
    """The pulses as the transaction under way has them."""
    take(db.session.scalar(select(PULSES_NOW)))
    found = pulse_of("courses", "weeks")
    take()
    return found


def test_what_is_rolled_back_or_only_read_raises_nothing(fresh_app, make_fresh, pulses):
    module = make_fresh.module()
    before = pulses()
    with fresh_app.app_context():
        db.session.execute(update(Module).values(name="Otherwise"))
        db.session.rollback()
        db.session.get(Module, module.id)
        db.session.commit()
    assert pulses() == before


def test_a_tick_raises_nothing_and_a_submission_does(fresh_app, course, pulses):
    with fresh_app.app_context():
        log = db.session.scalars(select(ActivityLog).order_by(ActivityLog.week_start)).first()
        moment = Moment.of(log.due_at, RULES.zone)
        found = queries.log_owned_by(log.facilitator_id, log.id, moment)
        before = pulses_within()
        key = found.items[0].key
        saved = services.save(found, Edit(statuses={key: ItemStatus.DONE}), moment, System())
        db.session.commit()
        assert pulses_within() == before
        services.save(saved.log, Edit(), moment, System(), submit=True)
        db.session.commit()
        assert pulses_within() == (before[0], before[1] + 1)


def test_whoever_writes_sees_what_they_wrote(fresh_app, make_fresh):
    make_fresh.module()
    with fresh_app.app_context():
        take("courses=1,weeks=1;2")
        assert kept("x", "key", lambda: "old", "courses") == "old"
        assert kept("x", "key", lambda: "new", "courses") == "old"
        db.session.execute(update(Module).values(name="Otherwise"))
        assert pulse_of("courses") is None
        assert kept("x", "key", lambda: "new", "courses") == "new"
        db.session.rollback()


def test_pulses_that_were_cut_are_not_believed(fresh_app):
    subjects = {"courses": 12345, "names": 3, "week 1": 20, **{f"week {week}": week for week in range(10, 20)}}
    pairs = ",".join(f"{subject}={value}" for subject, value in subjects.items())
    total = sum(subjects.values())
    with fresh_app.app_context():
        take(f"{pairs};{total}")
        assert dict(present_pulses()) == subjects
        for length in range(len(pairs)):
            take(f"{pairs[:length]};{total}")
            assert not present_pulses(), pairs[:length]
            assert kept("cut", 1, iter([length]).__next__, "courses") == length
        take()


def test_the_database_cuts_no_pulses_and_if_it_does_it_is_seen(fresh_app):
    with fresh_app.app_context():
        db.session.execute(update(Pulse).values(value=2_000_000_000))
        assert pulses_within() == (2_000_000_000, 2_000_000_000), "and MySQL's own limit is 1,024 bytes"
        if db.engine.name in {"mariadb", "mysql"}:
            db.session.execute(text("SET SESSION group_concat_max_len = 1024"))
            assert pulses_within() is None
            db.session().invalidate()
        db.session.rollback()


def test_nothing_is_kept_outside_of_a_request(fresh_app):
    with fresh_app.app_context():
        take()
        assert [kept("y", 1, iter([number]).__next__, "courses") for number in range(2)] == [0, 1]


def test_a_name_is_searched_by_as_soon_as_it_is_another(fresh_app, manager, make_fresh):
    course = make_fresh.offering(
        make_fresh.facilitator(last_name="Before"), module_id=make_fresh.module(name="Botany").id
    )

    def found(word):
        return f"course-{course.id}" in manager.get(f"/allocations/?q={word}").text

    assert [found(word) for word in ("before", "botany", "after")] == [True, True, False]
    with fresh_app.app_context():
        db.session.execute(update(User).where(User.last_name == "Before").values(name_folded="ida after"))
        db.session.commit()
    assert [found(word) for word in ("before", "botany+after", "after")] == [False, True, True]
    with fresh_app.app_context():
        db.session.scalars(select(Module).where(Module.name == "Botany")).one().name = "Biology"
        db.session.commit()
    assert [found(word) for word in ("biology", "botany")] == [True, False]


def test_only_the_week_that_changed_is_counted_anew(fresh_app, manager, course, count_sql):
    def submit():
        with fresh_app.app_context():
            left = select(ActivityLog).where(ActivityLog.submitted_at.is_(None)).order_by(ActivityLog.week_start)
            log = db.session.scalars(left).first()
            moment = Moment.of(log.due_at, RULES.zone)
            found = queries.log_owned_by(log.facilitator_id, log.id, moment)
            services.save(found, Edit(), moment, System(), submit=True)
            db.session.commit()

    def counted():
        with count_sql() as sql:
            manager.get("/compliance/")
        return [statement for statement in sql.statements if "AS logs" in statement]

    counted()
    for _ in range(3):
        submit()
        (statement,) = counted()
        assert "week_start IN" in statement
    with fresh_app.app_context():
        weeks = sums_by_week(OfferingFilter(), Moment.of(clock.now(), RULES.zone))
    assert sum(week.sums.on_time for week in weeks) == 3
    assert manager.get("/compliance/").text.count('class="cell on-time"') == 3


def test_only_the_part_whose_course_changed_is_counted_anew(fresh_app, manager, course, make_fresh, count_sql):
    others = [make_fresh.offering(make_fresh.facilitator()) for _ in range(3)]
    with fresh_app.app_context():
        plan_logs([other.id for other in others], RULES)
        db.session.commit()

    def counted(*, left):
        with count_sql() as sql:
            assert f"of {left}" in manager.get("/compliance/").text
        return [statement for statement in sql.statements if "AS logs" in statement or "AS courses" in statement]

    assert len(counted(left=4)) == 2
    with fresh_app.app_context():
        change_status(course.id, OfferingStatus.CANCELLED, 1, System(), "Nobody came")
        db.session.commit()
    again = counted(left=3)
    assert len(again) == 2
    assert all("% " in statement.partition("WHERE")[2] for statement in again)
    assert counted(left=3) == []


def test_what_is_changed_in_bulk_is_counted_by_the_next_request(fresh_app, manager, make_fresh, course):
    """Bulk changes write past the session's statements."""
    by = make_fresh.manager()
    assert "Completed <span>1</span>" not in manager.get("/allocations/").text
    with fresh_app.app_context():
        do(chosen(course), BulkChange(Deed.STATUS, status=OfferingStatus.COMPLETED), by)
        db.session.commit()
    assert "Completed <span>1</span>" in manager.get("/allocations/").text


def test_many_writers_raise_it_as_often_as_they_commit(fresh_app, make_fresh, pulses):
    modules = [make_fresh.module() for _ in range(4)]
    before = pulses()

    def write(module):
        for number in range(5):
            with fresh_app.app_context():
                db.session.execute(update(Module).where(Module.id == module.id).values(credits=number + 1))
                db.session.commit()

    threads = [threading.Thread(target=write, args=(module,)) for module in modules]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pulses()[0] == before[0] + 20
