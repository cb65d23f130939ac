"""A program that keeps in step: tags of what it reads and writes, what changed since it asked, lists in pages."""

from datetime import timedelta

import pytest

from portal import clock

pytestmark = [pytest.mark.in_turn, pytest.mark.usefixtures("frozen_time")]


@pytest.fixture
def admin(make, program):
    """An administrator's program."""
    return program(make.admin())


@pytest.fixture
def things(make, course, week):
    """By the address of each kind of thing that is read and changed: a change, and another one."""
    lesson = make.lesson(course)
    return {
        "/auth/me": ({"title": "Dr"}, {"title": "Prof"}),
        f"/users/{make.facilitator().user_id}": ({"last_name": "Mukamana"}, {"last_name": "Uwera"}),
        f"/facilitators/{make.facilitator().profile_id}": ({"max_course_load": 3}, {"max_course_load": 4}),
        f"/students/{make.student().profile_id}": ({"status": "suspended"}, {"status": "active"}),
        f"/modules/{make.module().id}": ({"name": "Soils"}, {"name": "Water"}),
        f"/course-offerings/{course.id}": ({"title": "Soils"}, {"title": "Water"}),
        f"/lessons/{lesson.id}": ({"title": "Soils"}, {"title": "Water"}),
        f"/activity-tracker/{week.id}": ({"notes": "Soils"}, {"notes": "Water"}),
    }


def test_whoever_wrote_has_the_tag_of_what_stands_there(admin, things):
    for path, (first, second) in things.items():
        read = admin("GET", path)
        written = admin("PATCH", path, first, headers={"If-Match": read.headers["ETag"]})
        assert written.status_code == 200, written.text
        tag = written.headers["ETag"]
        assert tag != read.headers["ETag"], path
        assert admin("GET", path).headers["ETag"] == tag, path
        assert admin("GET", path, headers={"If-None-Match": tag}).status_code == 304, path
        for method in ("PATCH", "DELETE") if path != "/auth/me" else ("PATCH",):
            body, former = second if method == "PATCH" else None, {"If-Match": read.headers["ETag"]}
            stale = admin(method, path, body, headers=former)
            assert stale.status_code in {409, 405}, (method, path)
            assert "version" in stale.json["fields"] or stale.status_code == 405, (method, path)
        # As a client names it that had the answer compressed.
        compressed = {"If-Match": tag.removesuffix('"') + ':gzip"'}
        assert admin("PATCH", path, second, headers=compressed).status_code == 200, path


@pytest.mark.parametrize("named", ["", ",", '"', '"1', 'W/"1'])
def test_an_if_match_that_names_nothing_guards_nothing_and_is_refused(asks, week, named):
    answer = asks("PATCH", f"/activity-tracker/{week.id}", {"notes": "x"}, headers={"If-Match": named})
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["If-Match"])


def test_the_tag_of_what_was_made_is_that_of_what_is_read(admin):
    made = admin("POST", "/users", {"email": "ada@example.org", "first_name": "Ada", "role": "student"})
    read = admin("GET", made.headers["Location"].removeprefix("/api"))
    assert made.headers["ETag"] == read.headers["ETag"]


@pytest.mark.every_database
def test_what_changed_since_is_all_that_comes(make, asks, admin, course, week, frozen_time):
    other = make.offering()
    make.log(course, 4)
    frozen_time.shift(timedelta(hours=1))
    since = f"{clock.now():%Y-%m-%dT%H:%M:%SZ}"
    lists = ("/course-offerings", "/activity-tracker")
    for path in lists:
        answer = admin("GET", f"{path}?updated_since={since}")
        assert (answer.json, answer.headers["X-Total-Count"]) == ([], "0")
    admin("PATCH", f"/course-offerings/{other.id}", {"title": "Soils"})
    asks("PATCH", f"/activity-tracker/{week.id}", {"intranet_sync": "Done"})
    for path, wanted in zip(lists, (other.id, week.id), strict=True):
        answer = admin("GET", f"{path}?updated_since={since}")
        assert ([one["id"] for one in answer.json], answer.headers["X-Total-Count"]) == ([wanted], "1")
        assert len(admin("GET", f"{path}?updated_since=2026-01-01T00:00:00%2B02:00").json) == 2
    assert asks("GET", f"/course-offerings?updated_since={since}").json == []


@pytest.mark.parametrize(
    "moment", ["10:00:00%2B02:00", "10:00:00+02:00", "10:00:00.000000+02:00", "08:00:00.5Z", "08:00Z"]
)
def test_a_moment_is_read_as_programs_write_it(admin, course, moment):
    since = f"/course-offerings?updated_since=2026-10-14T{moment}"
    assert [one["id"] for one in admin("GET", since).json] == [course.id]


@pytest.mark.parametrize("moment", ["2026-10-14T12:00:00", "yesterday", "2026-10-14", "0001-01-01T00:00:00Z"])
def test_a_moment_says_its_time_zone(admin, moment):
    answer = admin("GET", f"/course-offerings?updated_since={moment}")
    assert (answer.status_code, list(answer.json["fields"])) == (400, ["updated_since"])


class Copy:
    """What a program keeps of a list, by id: it reads all of it once, takes in what changed, and counts."""

    def __init__(self, asks, path: str) -> None:
        self.asks, self.path = asks, path
        self.rows = self.read()

    def read(self, query: str = "") -> dict:
        """All that a query gives."""
        return {one["id"]: one for one in self.asks("GET", f"{self.path}?sort=id&limit=100&{query}").json}

    def is_whole(self) -> bool:
        """Whether it holds as many as there are."""
        return len(self.rows) == int(self.asks("GET", f"{self.path}?limit=1").headers["X-Total-Count"])


def test_who_follows_the_page_learns_of_what_is_gone(make, admin, teacher, course, frozen_time):
    other = make.offering()
    admin("POST", f"/course-offerings/{course.id}/assign", {"facilitator_id": None})
    admin("POST", f"/course-offerings/{course.id}/assign", {"facilitator_id": teacher.profile_id})
    courses, logs = Copy(admin, "/course-offerings"), Copy(admin, "/activity-tracker")
    assert len(logs.rows) > 5
    frozen_time.shift(timedelta(hours=1))
    since = f"updated_since={clock.now():%Y-%m-%dT%H:%M:%SZ}"
    soon = (clock.now() + timedelta(days=10)).date()
    assert admin("PATCH", f"/course-offerings/{course.id}", {"end_date": f"{soon}"}).status_code == 200
    assert admin("DELETE", f"/course-offerings/{other.id}").status_code == 204
    changed = courses.read(since)
    assert list(changed) == [course.id]
    courses.rows |= changed
    logs.rows |= logs.read(since)
    assert not logs.is_whole()
    kept = {log_id: log for log_id, log in logs.rows.items() if log["allocation_id"] not in changed}
    logs.rows = kept | logs.read(f"allocation_id={course.id}")
    assert logs.is_whole()
    assert not courses.is_whole()
    courses.rows = courses.read()
    assert set(courses.rows) == {course.id}
