"""The roster of a course for programs."""

import pytest

from portal.enrolments.models import EnrolmentStatus

pytestmark = pytest.mark.one_database


@pytest.fixture
def open_course(make, teacher):
    return make.open_course(teacher, max_students=1)


def address(course, student=None) -> str:
    return f"/course-offerings/{course.id}/enrolments" + (f"/{student.profile_id}" if student else "")


def test_the_staff_enrols_lists_and_takes_off(asks, make, course, app):
    first, second = make.student(), make.student()
    answer = asks("POST", address(course), {"student_id": first.profile_id})
    assert answer.status_code == 201
    assert (answer.json["status"], answer.json["position"], answer.json["source"]) == ("active", None, "staff")
    assert answer.json["student"] == {
        "id": first.profile_id, "student_number": first.profile.student_number,
        "user": {"first_name": first.user.first_name, "last_name": first.user.last_name, "email": first.email},
    }  # fmt: skip
    asks("POST", address(course), {"student_id": second.profile_id})
    listed = asks("GET", f"{address(course)}?sort=-id&limit=1")
    assert [one["student"]["id"] for one in listed.json] == [second.profile_id]
    assert listed.headers["X-Total-Count"] == "2"
    assert asks("DELETE", address(course, first)).status_code == 204
    assert asks("DELETE", address(course, make.student())).status_code == 404
    left = asks("GET", f"{address(course)}?status=withdrawn").json
    assert [one["student"]["id"] for one in left] == [first.profile_id]


def test_who_finds_no_place_waits_and_moves_up(program, make, open_course):
    first, second = make.student(), make.student()
    assert program(first)("POST", address(open_course), {}).json["status"] == "active"
    waits = program(second)("POST", address(open_course)).json
    assert (waits["status"], waits["position"]) == ("waitlisted", 1)
    again = program(second)("POST", address(open_course))
    assert (again.status_code, again.json["details"]) == (409, ["You are on this course already."])
    assert program(first)("DELETE", address(open_course, first)).status_code == 204
    own = program(second)("GET", address(open_course)).json
    assert [(one["student"]["id"], one["status"]) for one in own] == [(second.profile_id, "active")]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [({}, 400, "student_id"), ({"student_id": 4711}, 404, "student_id"), ({"student_id": "1"}, 400, "student_id"),
     ({"student": 1}, 400, "student")],
)  # fmt: skip
def test_what_is_wrong_is_named(asks, course, body, status, field):
    answer = asks("POST", address(course), body)
    assert (answer.status_code, list(answer.json["fields"])) == (status, [field])


def test_students_act_for_themselves_alone(program, make, open_course, course):
    mine, other = make.student(), make.student()
    asks = program(mine)
    assert asks("POST", address(open_course), {"student_id": other.profile_id}).status_code == 403
    make.enrolment(open_course, other)
    assert asks("DELETE", address(open_course, other)).status_code == 404
    assert asks("GET", address(open_course)).json == []
    assert asks("GET", address(course)).status_code == 404
    make.enrolment(course, mine)
    assert asks("DELETE", address(course, mine)).status_code == 403
    assert program(make.facilitator())("GET", address(open_course)).status_code == 404
    assert program(make.manager())("GET", address(open_course)).status_code == 200


def test_nobody_is_enrolled_twice_or_on_what_is_over(asks, make, teacher, course):
    student = make.student()
    make.enrolment(course, student, status=EnrolmentStatus.ACTIVE)
    assert asks("POST", address(course), {"student_id": student.profile_id}).status_code == 409
    over = make.offering(teacher, status="completed")
    assert asks("POST", address(over), {"student_id": student.profile_id}).status_code == 409
