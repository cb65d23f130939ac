"""What the pages of courses share: who asks, and whether a stranger may."""

from flask import abort
from flask_login import current_user

from portal.config.present import present_settings
from portal.learning.courses.queries import CourseView, find_course_view
from portal.learning.queries import Viewer
from portal.roles import Role

MANAGES = frozenset({Role.MANAGER, Role.ADMIN})
STAFF = (Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
ONE = "/<id:offering_id>"
# Said of pages that only the staff of a course may open.
OF_STAFF = "the facilitator of the course; managers and administrators any"


def viewer_now() -> Viewer:
    """Who asks."""
    if not current_user.is_authenticated:
        return Viewer(None)
    teaches = Role.FACILITATOR in current_user.roles
    return Viewer(
        current_user.id, current_user.facilitator_id if teaches else None, bool(MANAGES & current_user.roles)
    )  # fmt: skip


def is_let_in() -> bool:
    """Whether the asker may see the catalogue: who is signed in, and strangers where the institution allows it."""
    return bool(current_user.is_authenticated or present_settings().catalogue_public)


def staffed_course(offering_id: int) -> CourseView:
    """A course whose staff the asker is; anybody else's is 404."""
    found = find_course_view(offering_id, viewer_now())
    if found is None or not found.is_staff:
        abort(404)
    return found
