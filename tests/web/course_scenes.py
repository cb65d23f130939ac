"""Courses, their pages and rosters by the addresses that name them."""

from flask import Flask

from portal import clock
from portal.allocations.models import CourseOffering
from portal.extensions import db
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp


def _led(app: Flask, make: Maker) -> SetUp:
    """A course for a cohort."""
    teacher = make.facilitator()
    return SetUp({"offering_id": make.offering(teacher).id}, teacher, (make.facilitator(),))


def _draft(app: Flask, make: Maker) -> SetUp:
    """An open course that only who writes it may see."""
    teacher = make.facilitator()
    return SetUp({"offering_id": make.open_course(teacher, published_at=None).id}, teacher, (make.facilitator(),))


def _published(app: Flask, make: Maker) -> SetUp:
    return SetUp({"offering_id": make.open_course(make.facilitator()).id}, make.student())


def _taken(app: Flask, make: Maker) -> SetUp:
    """An open course with a student who has done all of it."""
    found, student = _published(app, make), make.student()
    with app.app_context():
        course = db.session.get_one(CourseOffering, found.values["offering_id"])
        make.enrolment(course, student, completed_at=clock.now())
    return SetUp(found.values, student, (make.student(),))


def _student(app: Flask, make: Maker) -> SetUp:
    found, student = _led(app, make), make.student()
    with app.app_context():
        make.enrolment(db.session.get_one(CourseOffering, found.values["offering_id"]), student)
    return SetUp({**found.values, "student_id": student.profile_id}, found.owner, found.strangers)


COURSE_SCENES = {
    "courses.course": Scene(_draft),
    "courses.catalogue_course": Scene(_published),
    "courses.enrol": Scene(_published),
    "courses.withdraw": Scene(_taken),
    "courses.certificate": Scene(_taken),
    "courses.edit": Scene(_draft),
    "courses.change": Scene(_draft),
    "courses.publish": Scene(_draft),
    "courses.archive": Scene(_draft),
    "courses.cover": Scene(_draft),
    "courses.delete": Scene(_draft),
    "courses.students": Scene(_led),
    "courses.enrol_many": Scene(_led),
    "courses.enrol_all_of_cohort": Scene(_led),
    "courses.withdraw_one": Scene(_student),
    "api.index_enrolments": Scene(_led),
    "api.enrol_student": Scene(_led),
    "api.withdraw_student": Scene(_student),
}
