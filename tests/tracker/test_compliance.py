"""The compliance page: five numbers, the matrix, what needs a manager, nudging, the list of logs, the files."""

import csv
import io
import re
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from python_calamine import CalamineWorkbook
from sqlalchemy import func, select

from portal.allocations.forms import listing
from portal.allocations.queries import OfferingFilter
from portal.audit.models import AuditEvent
from portal.extensions import db
from portal.notifications.models import Notification
from portal.paging import PageRequest
from portal.tracker.models import ActivityLog
from portal.tracker.queries import compliance as queries
from portal.tracker.queries.rows import Moment
from portal.tracker.services import plan_logs
from portal.tracker.states import LogState
from tests.support.teaching import RULES

pytestmark = pytest.mark.in_turn

HX = {"HX-Request": "true", "HX-Request-Type": "partial"}
# Week 1 began on 28 September and was due on 5 October, week 2 was due on 12 October, week 3 is running.
SECOND = "2026-10-05"


@pytest.fixture
def manager(frozen_time, client, make, sign_in):
    sign_in(client, make.manager())
    return client


@pytest.fixture
def people(frozen_time, make):
    return [make.facilitator(first_name="Ada", last_name=name) for name in ("Byron", "Çelik", "عمر")]


@pytest.fixture
def term(app, make, people):
    """Four courses with six weeks each: one person is always in time, one is late, one submits nothing."""
    names = ("Algebra", "Botany", "Chemistry", "Drawing")
    owners = (people[0], people[1], people[2], people[2])
    courses = [
        make.offering(owner, weeks=6, module_id=make.module(name=name, code=name[:3].upper()).id)
        for name, owner in zip(names, owners, strict=True)
    ]
    with app.app_context():
        plan_logs([course.id for course in courses], RULES)
        for log in db.session.scalars(select(ActivityLog).where(ActivityLog.week_number <= 2)):
            if log.allocation_id == courses[0].id:
                log.started_at = log.submitted_at = log.due_at - timedelta(hours=1)
            if log.allocation_id == courses[1].id:
                log.started_at = log.submitted_at = log.due_at + timedelta(hours=25)
        db.session.commit()
    return courses


def numbers(text):
    """The five numbers of a page."""
    return {
        name: int(re.search(rf'id="number-{name}"[^>]*><b>(\d+)</b>', text)[1])
        for name in ("on_time", "late", "missing", "open", "excused")
    }


@pytest.mark.every_database
def test_a_week_is_five_numbers_and_a_sentence(manager, term):
    text = manager.get("/compliance/").text
    assert "Week 2 was due Monday 12 October 17:00." in text
    assert "<strong>1 of the 4</strong> logs owed came on time, <strong>2</strong> are missing." in text
    assert numbers(text) == {"on_time": 1, "late": 1, "missing": 2, "open": 0, "excused": 0}
    assert numbers(manager.get("/compliance/?week=2026-10-12").text)["open"] == 4
    assert "Week 3 is open until" in manager.get("/compliance/?week=2026-10-12").text
    assert "Week 6 begins on" in manager.get("/compliance/?week=2026-11-02").text
    assert "4 courses, 6 weeks" in text


def test_courses_without_trouble_fold_away_where_the_matrix_is_long(manager, term, monkeypatch):
    assert "calm" not in manager.get("/compliance/").text
    monkeypatch.setattr("portal.tracker.matrix._LONG", 3)
    troubled, calm = manager.get("/compliance/").text.split('<tbody class="calm">')
    assert "Also show the 1 course with no week late or missing" in troubled
    assert "Botany" in troubled
    assert "Drawing" in troubled
    assert "Algebra" in calm
    # Who asked for one state is shown all of it.
    assert "calm" not in manager.get(f"/compliance/?state=on_time&week={SECOND}").text


def test_each_number_narrows_the_matrix_to_its_courses(manager, term):
    def courses(query):
        return re.findall(r'<th scope="row"><a href="/tracker/courses/\d+">(\w+)</a>', manager.get(query).text)

    assert courses("/compliance/") == ["Algebra", "Botany", "Chemistry", "Drawing"]
    assert courses("/compliance/?state=missing") == ["Chemistry", "Drawing"]
    assert courses("/compliance/?state=late") == ["Botany"]
    assert courses("/compliance/?state=excused") == []
    assert courses("/compliance/?state=open&week=2026-10-12") == ["Algebra", "Botany", "Chemistry", "Drawing"]
    assert courses("/compliance/?q=draw") == ["Drawing"]
    assert "No log of this week is in this state." in manager.get("/compliance/?state=excused").text


def test_cells_say_their_state_and_lead_to_their_log(app, manager, term):
    text = manager.get("/compliance/").text
    with app.app_context():
        weeks = select(ActivityLog.id).where(ActivityLog.allocation_id == term[1].id)
        late = db.session.scalar(weeks.order_by(ActivityLog.week_number))
    cell = re.search(rf'<a class="cell late" href="/tracker/logs/{late}">(.*?)</a>', text, re.DOTALL)[1]
    assert "Week 1: late, 2 days" in cell
    assert "+2 d" in cell
    assert "Week 2: missing" in text
    assert text.count('class="cell not-due"') == 12
    assert "2 of 2" in text


def test_facilitators_stand_with_all_their_courses(manager, term):
    text = manager.get("/compliance/?by=facilitators").text
    assert re.findall(r'<th scope="row"><a [^>]*>Ada ([^<]+)</a>', text) == ["Byron", "Çelik", "عمر"]
    assert "Week 2: 2 of 2 missing" in text
    assert "3 facilitators, 6 weeks" in text
    assert numbers(text)["missing"] == 2
    assert re.findall(r'<th scope="row"><a [^>]*>Ada ([^<]+)</a>', manager.get(
        "/compliance/?by=facilitators&state=late").text) == ["Çelik"]  # fmt: skip


def test_what_needs_someone_today(manager, make, people, term):
    make.offering(None, module_id=make.module(name="Economics").id)
    for number in range(5):
        make.offering(people[0], module_id=make.module(name=f"Extra {number}").id)
    text = manager.get("/compliance/").text
    needs = text[text.index('class="needs"') : text.index('class="whole"')]
    assert needs.count("Missing two weeks running") == 2
    assert "weeks 1 and 2" in needs
    assert "Economics" in needs
    assert "Over the load limit" in needs


def test_filters_modes_and_odd_addresses(manager, term):
    for odd in ("week=x", "week=1999-01-01", "state=x", "by=x", "after=x", "q=%00", "trimester=x", "trimester=1999-1"):
        assert manager.get(f"/compliance/?{odd}").status_code == 200
        assert manager.get(f"/compliance/logs?{odd}").status_code == 200
    assert "No weekly logs match" in manager.get("/compliance/?q=nothing").text
    part = manager.get("/compliance/?q=algebra", headers=HX)
    assert "<html" not in part.text
    assert part.headers["HX-Push-Url"].startswith("/compliance/?q=algebra")


def test_without_any_log_the_page_says_what_will_stand_there(manager):
    assert "No weekly logs yet" in manager.get("/compliance/").text


@pytest.mark.parametrize("by", ["courses", "facilitators"])
def test_it_takes_eight_statements_at_most_however_many_rows(app, manager, make, term, count_sql, by):
    with count_sql() as few:
        manager.get(f"/compliance/?by={by}")
    more = [make.offering(make.facilitator(), weeks=6) for _ in range(20)]
    with app.app_context():
        plan_logs([course.id for course in more], RULES)
        db.session.commit()
    with count_sql() as many:
        manager.get(f"/compliance/?by={by}")
    assert len(few) == len(many) <= 8
    with count_sql() as logs:
        manager.get("/compliance/logs")
    assert len(logs) <= 8
    # A search that is new reads the names too.
    with count_sql() as search:
        assert manager.get(f"/compliance/?by={by}&q=module").status_code == 200
    assert len(search) <= 8


@pytest.mark.parametrize("by", ["courses", "facilitators"])
@pytest.mark.every_database
def test_pages_follow_each_other(app, manager, make, frozen_time, monkeypatch, by):
    monkeypatch.setattr(listing, "PageRequest", partial(PageRequest, size=10))
    person = make.facilitator(last_name="Zed")
    courses = [
        make.offering(person if by == "courses" else make.facilitator(last_name=f"N{n:02}"), weeks=3) for n in range(12)
    ]
    with app.app_context():
        plan_logs([course.id for course in courses], RULES)
        db.session.commit()
    first = manager.get(f"/compliance/?by={by}").text
    assert "1 to 10 of 12" in first
    following = re.search(r'id="page-next"[^>]* href="([^"]+)"', first)[1].replace("&amp;", "&")
    second = manager.get(following).text
    assert "11 to 12 of 12" in second
    heads = [set(re.findall(r'<th scope="row"><a [^>]*href="([^"]+)"', text)) for text in (first, second)]
    assert (len(heads[0]), len(heads[1]), heads[0] & heads[1]) == (10, 2, set())


def test_someone_is_nudged_once_a_day(app, manager, make, sign_in, frozen_time, people, term):
    def told():
        with app.app_context():
            return db.session.execute(
                select(Notification.recipient_id, func.count()).where(Notification.kind == "log_nudged").group_by(
                    Notification.recipient_id)
            ).all()  # fmt: skip

    answer = manager.post("/compliance/nudge/all", data={"state": "missing", "week": SECOND}, follow_redirects=True)
    assert "1 person is told of 2 weeks." in answer.text
    assert told() == [(people[2].user_id, 2)]
    answer = manager.post("/compliance/nudge", data={"course": term[2].id}, follow_redirects=True)
    assert "1 was nudged today already." in answer.text
    assert told() == [(people[2].user_id, 2)]
    frozen_time.move_to(datetime(2026, 10, 15, 8, tzinfo=UTC))
    sign_in(manager, make.manager())
    answer = manager.post("/compliance/nudge", data={"course": term[2].id}, follow_redirects=True)
    assert "1 person is told of 2 weeks." in answer.text
    assert told() == [(people[2].user_id, 4)]
    with app.app_context():
        assert db.session.scalar(select(func.count()).where(AuditEvent.action == "nudge")) == 4


def test_only_what_is_owed_can_be_nudged(app, manager, term):
    with app.app_context():
        weeks = select(ActivityLog.id).where(ActivityLog.allocation_id == term[0].id)
        ids = list(db.session.scalars(weeks.order_by(ActivityLog.week_number)))
    answer = manager.post("/compliance/nudge", data={"log": ids[:2] + ids[4:]}, follow_redirects=True)
    assert "Nobody owes any of these weeks." in answer.text
    assert "Tick at least one week." in manager.post("/compliance/nudge", follow_redirects=True).text
    for odd in ({"log": ["x", "9" * 20, "-1"]}, {"course": "x"}, {"course": 2**31}):
        assert manager.post("/compliance/nudge", data=odd).status_code == 303


@pytest.mark.every_database
def test_the_list_of_logs_by_week_state_item_and_course(app, manager, make, term, people):
    def weeks(query):
        text = manager.get(f"/compliance/logs?{query}").text
        return len(re.findall(r'<tr id="log-row-', text))

    assert weeks("") == 24
    assert weeks(f"week={SECOND}") == 4
    assert weeks("state=missing") == 4
    assert weeks(f"week={SECOND}&state=late") == 1
    assert weeks("q=botany") == 6
    assert weeks("status_of=Done") == 0
    assert weeks("status_of=Not+Started&state=missing") == 4
    assert weeks(f"facilitator={people[2].profile.employee_id}") == 12
    assert "No weekly logs match" in manager.get("/compliance/logs?q=nothing").text
    part = manager.get("/compliance/logs?q=algebra", headers=HX)
    assert "<html" not in part.text


def test_files_hold_what_the_screen_shows(manager, term):
    answer = manager.get("/compliance/export.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert rows[0][:4] == ["Course", "Code", "Class", "Facilitator"]
    assert rows[0][4] == "Week 1, 28 Sep"
    assert [row[0] for row in rows[1:]] == ["Algebra", "Botany", "Chemistry", "Drawing"]
    assert rows[2][4:7] == ["Late +2", "Late +2", "Open"]
    assert rows[1][-2:] == ["2", "2"]
    narrow = manager.get("/compliance/export.csv?state=missing&by=facilitators").text
    assert "Missing: 2 of 2" in narrow
    assert "Byron" not in narrow
    book = CalamineWorkbook.from_filelike(io.BytesIO(manager.get("/compliance/export.xlsx").data))
    values = book.get_sheet_by_index(0).to_python()
    assert [row[0] for row in values] == ["Course", "Algebra", "Botany", "Chemistry", "Drawing"]


def test_a_deadline_that_passes_moves_every_number_at_once(app, manager, frozen_time, term):
    """Page, file and the rule of states agree at any moment of the term."""
    for moment in (
        datetime(2026, 9, 20, 9, tzinfo=UTC), datetime(2026, 10, 5, 16, 59, 59, tzinfo=UTC),
        datetime(2026, 10, 5, 17, 0, 1, tzinfo=UTC), datetime(2026, 10, 25, 23, tzinfo=UTC),
        datetime(2026, 11, 9, 17, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC),
    ):  # fmt: skip
        frozen_time.move_to(moment)
        with app.app_context():
            here = Moment.of(moment, RULES.zone)
            logs = db.session.scalars(select(ActivityLog)).all()
            weeks = {week.start: week.sums for week in queries.sums_by_week(OfferingFilter(), here)}
            for start, sums in weeks.items():
                states = [
                    queries.state_of(one.week_start, one.due_at, one.submitted_at, one.excused_at, here.now, here.today)
                    for one in logs
                    if one.week_start == start
                ]
                assert {state: states.count(state) for state in LogState} == {s: sums.of(s) for s in LogState}
