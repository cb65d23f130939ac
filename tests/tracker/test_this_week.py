from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from portal import clock
from portal.allocations.models import CourseOffering, OfferingStatus
from portal.catalogue.calendar import rules_of
from portal.catalogue.models import ClassGroup
from portal.extensions import db
from portal.tracker.models import ActivityLog
from portal.tracker.services import plan_logs
from tests.tracker.support import DONE, FORMATIVE, GRADES, SYNC, send, tick

pytestmark = [pytest.mark.usefixtures("frozen_time"), pytest.mark.in_turn]


def test_overdue_weeks_come_first_then_open_ones_then_submitted_ones(make, owner, offering, facilitator):
    for number in (1, 2, 3, 4):
        week = make.log(offering, number)
    submitted = make.log(make.offering(facilitator), 3, submitted_at=clock.now())
    text = owner.get("/tracker/").text
    marks = [
        "Week 1 was due Monday 5 October 17:00, 9 days ago",
        "Week 2 was due Monday 12 October 17:00, 2 days ago",
        "Due Monday 19 October 17:00, in 5 days",
        "Submitted</h2>",
        f'id="log-{submitted.id}"',
    ]
    places = [text.index(mark) for mark in marks]
    assert places == sorted(places)
    assert f'id="log-{week.id}"' not in text  # week 4 has not begun


def test_the_sentence_says_where_one_stands(make, owner, offering, facilitator):
    make.log(offering, 2)
    week = make.log(offering, 3)
    make.log(make.offering(facilitator), 3, submitted_at=clock.now(), done_count=3)
    tick(owner, week, SYNC, DONE)
    text = owner.get("/tracker/").text
    assert "Wednesday 14 October 2026 · trimester 1" in text
    assert "<strong>1 week is overdue</strong>, 1 is open until Monday 17:00, 1 is submitted. " in text
    assert "<strong>4 of 9</strong> items are done." in text


def test_the_ruler_marks_overdue_weeks_and_the_running_one(app, make, owner, offering):
    with app.app_context():
        plan_logs(None, rules_of(app.config["PORTAL"]))
        db.session.commit()
    text = owner.get("/tracker/").text
    ruler = text[text.index('<ol class="term"') : text.index("</ol>")]
    assert ruler.count("<li") == 12
    assert ruler.count('class="owed"') == 2
    assert '<li aria-current="date">3' in ruler


def test_only_ones_own_weeks_are_shown(make, owner):
    other = make.log(make.offering(make.facilitator()), 3)
    assert f'id="log-{other.id}"' not in owner.get("/tracker/").text


def test_excused_and_cancelled_weeks_are_not_asked_for(make, owner, offering, facilitator):
    excused = make.log(offering, 1, excused_at=clock.now())
    cancelled = make.log(make.offering(facilitator, status=OfferingStatus.CANCELLED), 1, started_at=clock.now())
    text = owner.get("/tracker/").text
    assert f'id="log-{excused.id}"' not in text
    assert f'id="log-{cancelled.id}"' not in text


def test_submit_stands_out_only_when_everything_expected_is_done(owner, week):
    def button():
        text = owner.get("/tracker/").text
        return text[: text.index(f'id="submit-{week.id}"')].rsplit("<button", 1)[1]

    assert "primary" not in button()
    for version, key in enumerate((FORMATIVE, SYNC, GRADES), 1):
        tick(owner, week, key, DONE, version=version)
    assert "primary" in button()


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_takes_six_statements_with_one_course_and_with_twelve(make, owner, facilitator, count, count_sql):
    for _ in range(count):
        offering = make.offering(facilitator)
        for number in (1, 2, 3, 4):
            make.log(offering, number)
    with count_sql() as sql:
        assert owner.get("/tracker/").status_code == 200
    assert len(sql) == 6, sql.text


def test_without_courses_the_page_says_what_will_stand_there(owner):
    assert "As soon as a course is allocated to you" in owner.get("/tracker/").text


def test_when_all_is_submitted_nothing_is_owed(owner, week):
    send(owner, week, "submit")
    text = owner.get("/tracker/").text
    assert "1 week is submitted. Nothing is owed." in text


def test_before_the_first_week_nothing_is_to_be_filled_in(make, owner, offering):
    make.log(offering, 4)
    assert "Nothing to fill in" in owner.get("/tracker/").text


@pytest.fixture
def heavy(frozen_time, app, make, facilitator):
    """Someone with 153 courses, of which twelve weeks are overdue or open."""
    model = make.offering(facilitator, weeks=15, weeks_ago=11)
    with app.app_context():
        db.session.execute(insert(ClassGroup), [{"name": f"Group {number}"} for number in range(152)])
        groups = db.session.scalars(select(ClassGroup.id).where(ClassGroup.name.like("Group %"))).all()
        columns = {
            column.key: getattr(model, column.key)
            for column in CourseOffering.__table__.columns
            if column.key not in {"id", "class_id"}
        }
        db.session.execute(insert(CourseOffering), [columns | {"class_id": group} for group in groups])
        plan_logs(None, rules_of(app.config["PORTAL"]))
        db.session.commit()


@pytest.mark.usefixtures("heavy")
def test_with_very_many_overdue_weeks_the_page_shows_sixty_and_leads_on_by_key(owner, count_sql):
    seen: list[str] = []
    address = "/tracker/"
    for _ in range(3):
        with count_sql() as sql:
            text = owner.get(address).text
        assert len(sql) == 6
        found = [part.split('"')[0] for part in text.split('<article class="log" id="log-')[1:]]
        assert len(found) == 60
        assert not set(found) & set(seen)
        seen += found
        if address == "/tracker/":
            assert "and 1,776 more" in text
            assert "1,683 weeks are overdue" in text
        address = "/tracker/?after=" + text.rsplit("after=", 1)[1].split('"')[0]


@pytest.mark.parametrize("path", ["logs", "courses"])
def test_numbers_beyond_what_a_database_counts_are_not_found(owner, path):
    assert owner.get(f"/tracker/{path}/99999999999999").status_code == 404


@pytest.mark.usefixtures("heavy")
def test_one_week_or_one_course_can_be_asked_for(app, owner):
    with app.app_context():
        log = db.session.scalars(select(ActivityLog).order_by(ActivityLog.id).limit(1)).one()
    course = owner.get(f"/tracker/?course={log.allocation_id}").text
    assert course.count('<article class="log"') == 12
    week = owner.get(f"/tracker/?week={log.week_start}").text
    assert week.count('<article class="log"') == 60
    assert week.count("was due Monday") == 1


@pytest.mark.parametrize(
    "query",
    [
        *("after=x", "after=0-0", "after=99999999999-1", "after=-1-1", "week=nonsense", "week=2026-13-40"),
        *("course=x", "course=99999999999", "course=-1"),
    ],
)  # fmt: skip
def test_an_address_that_makes_no_sense_shows_a_page(owner, week, query):
    assert owner.get(f"/tracker/?{query}").status_code == 200


def test_the_standing_alone_for_after_a_change(owner, week, count_sql):
    with count_sql() as sql:
        answer = owner.get("/tracker/standing", headers={"HX-Request": "true"})
    assert len(sql) == 3
    assert answer.text.startswith('<div id="standing"')


@pytest.mark.parametrize("path", ["/tracker/", "/tracker/standing"])
def test_other_roles_have_no_week_of_their_own(client, make, sign_in, path):
    for person in (make.student(), make.manager(), make.admin()):
        sign_in(client, person)
        assert client.get(path).status_code == 403


def test_a_facilitator_without_a_profile_sees_the_empty_page(client, make, sign_in):
    from portal.roles import Role
    from tests.support.people import Person

    sign_in(client, Person(make.user(Role.FACILITATOR)))
    assert client.get("/tracker/").status_code == 200


def test_a_reader_of_another_time_zone_sees_their_own_hours(client, make, sign_in, offering, facilitator):
    week = make.log(offering, 3)
    with client.application.app_context():
        user = db.session.merge(facilitator.user)
        user.time_zone = "Africa/Kigali"
        db.session.commit()
    sign_in(client, facilitator)
    text = client.get(f"/tracker/logs/{week.id}").text
    assert "Due Monday 19 October 19:00" in text


def test_a_log_alone_can_be_filled_in_by_who_owes_it(owner, week, count_sql):
    with count_sql() as sql:
        text = owner.get(f"/tracker/logs/{week.id}").text
    assert len(sql) == 4
    assert "Submit week 3" in text


@pytest.mark.parametrize("role", ["manager", "admin"])
def test_who_manages_reads_any_log_and_cannot_change_it(client, make, sign_in, week, offering, role):
    sign_in(client, getattr(make, role)())
    text = client.get(f"/tracker/logs/{week.id}").text
    assert "disabled" in text
    assert "Submit week" not in text
    assert client.get(f"/tracker/courses/{offering.id}").status_code == 200


def test_a_submitted_or_future_week_alone_is_read_only(make, owner, offering, week):
    send(owner, week, "submit", notes="What happened")
    text = owner.get(f"/tracker/logs/{week.id}").text
    assert "What happened" in text
    assert "ask your manager to reopen it" in text
    assert "Submit week" not in text
    future = make.log(offering, 4)
    assert "Week 4 opens on Monday 19 October 2026." in owner.get(f"/tracker/logs/{future.id}").text


def test_an_excused_week_says_why(make, owner, offering):
    week = make.log(offering, 2, excused_at=clock.now(), excused_reason="Public holiday")
    assert "Public holiday" in owner.get(f"/tracker/logs/{week.id}").text


def test_the_weeks_of_a_course_with_their_states(make, owner, offering, count_sql):
    for number in (1, 2, 3, 4):
        make.log(offering, number, submitted_at=clock.now() - timedelta(days=12) if number == 1 else None)
    with count_sql() as sql:
        text = owner.get(f"/tracker/courses/{offering.id}").text
    assert len(sql) == 6
    table = text[text.index("<tbody") :]
    assert [table.index(word) for word in ("On time", "Missing", "Open", "Not due")] == sorted(
        table.index(word) for word in ("On time", "Missing", "Open", "Not due")
    )


def test_logs_and_courses_of_others_are_not_found(client, make, sign_in, week, offering):
    sign_in(client, make.facilitator())
    assert client.get(f"/tracker/logs/{week.id}").status_code == 404
    assert client.get(f"/tracker/courses/{offering.id}").status_code == 404
    assert client.get("/tracker/courses/999999").status_code == 404
    sign_in(client, make.student())
    assert client.get(f"/tracker/logs/{week.id}").status_code == 403


def test_the_facilitator_now_reads_what_the_former_one_owed(make, owner, offering):
    week = make.log(offering, 1, facilitator_id=make.facilitator().profile_id)
    text = owner.get(f"/tracker/logs/{week.id}").text
    assert "Submit week" not in text
    assert owner.get(f"/tracker/courses/{offering.id}").status_code == 200


def test_looking_changes_nothing(app, owner, week):
    for path in ("/tracker/", f"/tracker/logs/{week.id}", "/tracker/standing"):
        owner.get(path)
    with app.app_context():
        assert db.session.get(ActivityLog, week.id).version == 1
