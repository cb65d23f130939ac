"""Where the term stands, on the page before signing in."""

from datetime import date, timedelta

import pytest

from portal.allocations.models import OfferingStatus
from portal.catalogue.calendar import Break
from portal.dashboards.queries import Term, find_running_term
from portal.dashboards.season import SeasonReader, season_of
from tests.support.teaching import make_break

pytestmark = pytest.mark.in_turn

MONDAY = date(2026, 8, 17)
TERM = Term(3, MONDAY, MONDAY + timedelta(days=16 * 7 - 3), [Break(MONDAY + timedelta(42), MONDAY + timedelta(48))])


@pytest.fixture
def season(app, frozen_time):
    """The reader of the season, with nothing kept from before; today is Wednesday 14 October 2026."""
    reader = app.extensions["portal_season"]
    reader.forget()
    yield reader
    reader.forget()


def on(app, term: Term, day: date):
    with app.test_request_context():
        return season_of(term, day)


def test_the_week_is_counted_without_the_break(app):
    season = on(app, TERM, date(2026, 10, 14))
    assert (season.trimester, season.week, len(season.weeks)) == (3, 8, 15)
    assert [week["kind"] for week in season.weeks] == ["past"] * 7 + ["current"] + ["future"] * 7
    assert season.lines == [
        ("12 Oct to 18 Oct", "Week 8"),
        ("19 Oct", "Week 9 begins"),
        ("4 Dec", "Last day of teaching"),
    ]


def test_a_break_to_come_is_announced_with_what_follows_it(app):
    assert on(app, TERM, date(2026, 9, 24)).lines == [
        ("21 Sep to 27 Sep", "Week 6"),
        ("28 Sep to 4 Oct", "No teaching"),
        ("5 Oct", "Week 7 begins"),
        ("4 Dec", "Last day of teaching"),
    ]


def test_in_the_break_there_is_no_week(app):
    season = on(app, TERM, date(2026, 9, 30))
    assert season.week is None
    assert season.lines[0] == ("28 Sep to 4 Oct", "No teaching")


def test_in_the_last_week_nothing_begins(app):
    assert on(app, TERM, date(2026, 12, 4)).lines == [
        ("30 Nov to 6 Dec", "Week 15"),
        ("4 Dec", "Last day of teaching"),
    ]


def test_the_dates_that_most_running_courses_share_are_the_term(app, make, frozen_time):
    usual = {"weeks": 15, "weeks_ago": 8, "trimester": 3}
    for _ in range(2):
        make.offering(**usual)
    make.offering(weeks=6, weeks_ago=2, trimester=2)
    make.offering(weeks=5, weeks_ago=20)
    for _ in range(3):
        make.offering(weeks=30, weeks_ago=9, status=OfferingStatus.CANCELLED)
    with app.app_context():
        make_break(date(2026, 9, 21), date(2026, 9, 27))
        term = find_running_term(date(2026, 10, 14))
    assert (term.trimester, term.start) == (3, date(2026, 8, 17))
    assert term.breaks == [Break(date(2026, 9, 21), date(2026, 9, 27))]


def test_without_a_running_course_there_is_no_season(app, client, make, season):
    make.offering(weeks=5, weeks_ago=20)
    make.offering(weeks=5, weeks_ago=-2)
    page = client.get("/login")
    assert page.status_code == 200
    assert "Teaching, week by week" in page.text


def test_the_page_says_it_in_the_readers_language(client, make, season):
    make.offering(weeks=15, weeks_ago=8, trimester=3)
    english = client.get("/login", headers={"Accept-Language": "en"}).text
    french = client.get("/login", headers={"Accept-Language": "fr"}).text
    assert "12 Oct to 18 Oct" in english
    assert "12 oct." in french


def test_the_database_is_asked_once_a_minute(client, make, season, count_sql):
    make.offering(weeks=15, weeks_ago=8, trimester=3)
    with count_sql() as sql:
        for _ in range(5):
            client.get("/login")
    assert len(sql) == 1, sql.text


def test_a_term_that_ends_while_it_is_looked_at_is_shown_once_more(app, frozen_time):
    """The reader is shared by all threads."""
    first = date(2026, 8, 17)

    class Ending:
        """As of a thread that reads anew between two looks of this one."""

        trimester, end, breaks = TERM.trimester, TERM.end, TERM.breaks

        @property
        def start(self):
            reader.kept = None
            return first

    reader = SeasonReader(lambda _today: Ending())
    with app.test_request_context():
        assert reader().trimester == 3
