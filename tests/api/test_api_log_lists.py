"""Weekly logs for programs: the list with its filters, and a week in numbers."""

from datetime import timedelta

import pytest

from portal import clock

pytestmark = pytest.mark.in_turn

LOGS = "/activity-tracker"


def test_facilitators_list_their_own_and_managers_all(make, program, asks, course, week):
    other = make.facilitator()
    theirs = make.log(make.offering(other), 3)
    assert [row["id"] for row in asks("GET", LOGS).json] == [week.id]
    assert asks("GET", f"{LOGS}?facilitator_id={other.profile_id}").json == []
    assert asks("GET", f"{LOGS}/{theirs.id}").status_code == 404
    manager = program(make.manager())
    assert {row["id"] for row in manager("GET", LOGS).json} == {week.id, theirs.id}
    assert [row["id"] for row in manager("GET", f"{LOGS}?facilitator_id={other.profile_id}").json] == [theirs.id]


@pytest.mark.every_database
def test_filters_and_pages(app, make, asks, course):
    now = clock.now()
    logs = [
        make.log(course, number, submitted_at=now - timedelta(days=30) if number == 1 else None)
        for number in range(1, 6)
    ]
    asks("PATCH", f"{LOGS}/{logs[1].id}", {"intranet_sync": "Pending"})

    def weeks(query):
        return [row["week_number"] for row in asks("GET", f"{LOGS}?{query}").json]

    assert weeks("status=Pending") == [2]
    assert weeks("status=Done") == []
    assert weeks("status=Not Started") == [1, 2, 3, 4, 5]
    assert weeks("state=missing") == [2]
    assert weeks("state=open") == [3]
    assert weeks("state=not_due&sort=-week_number") == [5, 4]
    assert weeks(f"allocation_id={course.id}&week_number=4") == [4]
    assert weeks(f"allocation_id={course.id + 1}") == []
    page = asks("GET", f"{LOGS}?limit=2&page=2&sort=due_at")
    assert [row["week_number"] for row in page.json] == [3, 4]
    assert page.headers["X-Total-Count"] == "5"
    assert 'page=3&sort=due_at>; rel="next"' in page.headers["Link"]


@pytest.mark.parametrize("query", ["state=well", "status=done", "week_number=x", "week_number=0", "sort=notes", "x=1"])
def test_filters_that_make_no_sense_are_named(asks, week, query):
    answer = asks("GET", f"{LOGS}?{query}")
    assert answer.status_code == 400
    assert list(answer.json["fields"]) == [query.partition("=")[0]]


def test_a_hundred_logs_take_six_statements(make, asks, teacher, count_sql):
    for _ in range(7):
        course = make.offering(teacher)
        for number in range(1, 16):
            make.log(course, number, there_count=1, roster_count=1)
    with count_sql() as sql:
        assert len(asks("GET", f"{LOGS}?limit=100").json) == 100
    assert len(sql) <= 6, sql.text


# --- a week in numbers


@pytest.mark.every_database
def test_a_week_in_numbers(make, program, course, teacher):
    now = clock.now()
    make.log(course, 1)
    make.log(course, 2, started_at=now, submitted_at=now - timedelta(days=20))
    other = make.offering(teacher)
    make.log(other, 2)
    make.log(other, 3)
    manager = program(make.manager())
    second = manager("GET", f"{LOGS}/summary?week_number=2").json
    assert (second["on_time"], second["missing"], second["total"], second["percent_on_time"]) == (1, 1, 2, 50)
    assert manager("GET", f"{LOGS}/summary").json["week_number"] == 2
    year, trimester = second["academic_year"], second["trimester"]
    assert manager("GET", f"{LOGS}/summary?week_number=2&academic_year={year}&trimester={trimester}").json == second
    for missing in ("week_number=9", "week_number=2&academic_year=1999", f"academic_year={year}&trimester=9"):
        assert manager("GET", f"{LOGS}/summary?{missing}").status_code in {400, 404}, missing


def test_an_empty_portal_has_no_week(make, program):
    assert program(make.manager())("GET", f"{LOGS}/summary").status_code == 404
