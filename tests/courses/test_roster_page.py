"""The tab "Students" of a course: who is on it, who waits, enrolling many and taking one off."""

import pytest

from portal.enrolments.models import EnrolmentStatus

pytestmark = pytest.mark.one_database


@pytest.fixture
def led(make, teacher):
    """A course for a cohort, of which two students are not on it."""
    cohort = make.cohort()
    for _ in range(2):
        make.student(profile={"cohort_id": cohort.id})
    return make.offering(teacher, cohort_id=cohort.id, max_students=3)


def test_many_are_enrolled_by_number_and_address_and_who_finds_no_place_waits(as_, make, teacher, led, stored):
    people = [make.student() for _ in range(5)]
    who = f"{people[0].profile.student_number.lower()}, {people[1].email.upper()}\n{people[2].email};\n\n"
    who += f"{people[3].email}\n{people[3].email}\n{people[4].profile.student_number}"
    page = as_(teacher).post(f"/courses/{led.id}/students", data={"who": who}, follow_redirects=True).text
    assert "3 students were enrolled. 2 wait for a place." in page
    assert (stored(led).enrolled_count, stored(led).waiting_count) == (3, 2)
    again = as_(teacher).post(f"/courses/{led.id}/students", data={"who": people[0].email}, follow_redirects=True)
    assert "1 was on it already." in again.text


@pytest.mark.parametrize(
    ("who", "said"),
    [
        ("", "Write at least one student number or address."),
        ("nobody@example.org\nS-😀", "Nobody was enrolled: these are not known: nobody@example.org, S-😀."),
        ("\n".join(f"X{n}" for n in range(2001)), "At most 2000 students are taken at once."),
    ],
)
def test_a_list_with_faults_enrols_nobody_and_is_kept(as_, make, teacher, led, stored, who, said):
    known = make.student()
    text = f"{known.email}\n{who}" if who else ""
    page = as_(teacher).post(f"/courses/{led.id}/students", data={"who": text})
    assert page.status_code == 422
    assert said in page.text
    assert not text or known.email in page.text
    assert stored(led).enrolled_count == 0


def test_the_cohort_is_enrolled_at_once(as_, teacher, led, stored):
    client = as_(teacher)
    assert "2 students of the cohort are not on this course." in client.get(f"/courses/{led.id}/students").text
    page = client.post(f"/courses/{led.id}/students/cohort", follow_redirects=True).text
    assert "2 students were enrolled." in page
    assert "of the cohort" not in page
    assert stored(led).enrolled_count == 2


def test_taking_one_off_lets_the_next_move_up(as_, make, teacher, course, stored):
    first, other, waits = [make.student() for _ in range(3)]
    make.enrolment(course, first)
    make.enrolment(course, other)
    make.enrolment(course, waits, status=EnrolmentStatus.WAITLISTED, queue_number=1)
    client, address = as_(teacher), f"/courses/{course.id}/students"
    assert client.post(f"{address}/{make.student().profile_id}/withdraw").status_code == 404
    page = client.post(f"{address}/{first.profile_id}/withdraw", follow_redirects=True).text
    assert "1 student has left" in page
    assert "Waiting list" not in page
    assert (stored(course).enrolled_count, stored(course).waiting_count) == (2, 0)


@pytest.mark.parametrize("count", [1, 12])
def test_the_page_takes_seven_statements_at_any_length(as_, make, teacher, led, count_sql, count):
    for _ in range(count):
        make.enrolment(led, make.student())
    client = as_(teacher)
    with count_sql() as sql:
        page = client.get(f"/courses/{led.id}/students")
    assert page.text.count('<th scope="row"') == count
    assert len(sql) == 7, sql.text
