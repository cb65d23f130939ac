"""The pages of courses: my courses, the catalogue, what a course is about, who is on it."""

from flask import Flask

from portal import clock
from portal.audit.services import System
from portal.enrolments.services import complete_enrolment
from portal.learning.courses import routes
from portal.learning.courses.uses import init_uses
from portal.learning.markdown import file_address
from portal.learning.queries import progress_of
from portal.learning.signals import lesson_done


def init_courses(app: Flask) -> None:
    """Register pages, the pictures that they keep, and that a course is completed with its last lesson."""
    app.register_blueprint(routes.bp)
    # A feature above that knows the reflections puts its own here: a user's open ones.
    app.extensions["portal_open_rounds"] = lambda _user_id: []
    app.jinja_env.globals.update(file_address=file_address)
    init_uses()
    lesson_done.connect(_complete)


def _complete(_sender: object, offering_id: int, enrolment_id: int) -> None:
    """Whoever has done every lesson that is published now has completed the course, whatever is added later."""
    now = clock.now()
    if progress_of([enrolment_id], now)[enrolment_id].is_complete:
        complete_enrolment(enrolment_id, now, System())
