"""What the pages of lessons share: who asks, the course and the lesson that an address names, the storage."""

from typing import NoReturn, cast

from flask import current_app, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from portal import clock
from portal.config.present import present_settings
from portal.errors import NotFound, lazy
from portal.learning import queries
from portal.learning.queries import CourseHead, Viewer
from portal.learning.queries.lessons import LessonText, find_lesson
from portal.learning.services.files import Limits
from portal.learning.storage import Storage
from portal.roles import Role
from portal.web.htmx import redirect_or_hx

MANAGES = frozenset({Role.MANAGER, Role.ADMIN})
STAFF = "whoever teaches the course; managers and administrators any"
READERS = "whoever studies or teaches the course; managers and administrators any"


def viewer() -> Viewer:
    """Who asks."""
    if not current_user.is_authenticated:
        return Viewer(None)
    teaches = Role.FACILITATOR in current_user.roles
    return Viewer(current_user.id, current_user.facilitator_id if teaches else None, current_user.role in MANAGES)


def readable_course(offering_id: int) -> CourseHead:
    """The course if the person studies or teaches it; NotFound otherwise."""
    return queries.find_course(offering_id, viewer()) or not_found()


def staffed_course(offering_id: int) -> CourseHead:
    """The course if the person may write its lessons; NotFound otherwise."""
    return queries.find_staffed_course(offering_id, viewer()) or not_found()


def lesson_of(course: CourseHead, lesson_id: int) -> LessonText:
    """A lesson of the course that the person may read; NotFound otherwise."""
    found = find_lesson(lesson_id, viewer(), clock.now(), course.enrolment_id, offering_id=course.id)
    return found or not_found()


def not_found() -> NoReturn:
    """What somebody gets who asks for a course or a lesson that is not theirs, or that is not there."""
    raise NotFound(lazy("There is no such course or lesson, or it is not yours."))


def storage() -> Storage:
    """Where the content of files lies."""
    return cast(Storage, current_app.extensions["portal_storage"])


def limits() -> Limits:
    """How large files may be."""
    settings = present_settings()
    return Limits(settings.upload_limit_mb, settings.course_files_limit_mb)


def to_list(offering_id: int, lesson_id: int | None = None) -> BaseResponse:
    """Back to the course's lessons, where one of them stands."""
    place = f"#lesson-{lesson_id}" if lesson_id else ""
    return redirect_or_hx(url_for("lessons.index", offering_id=offering_id) + place)
