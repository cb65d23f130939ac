"""The texts that a lesson has had, what changed in each, and going back to one."""

from difflib import SequenceMatcher

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.extensions import db
from portal.learning.queries.versions import VersionText, find_version, list_versions
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import STAFF, lesson_of, not_found, staffed_course
from portal.learning.services import lessons
from portal.learning.services.lessons import LessonDraft
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.pages import page

_VERSION = f"{LESSON}/versions/<id:number>"
# So many lines that stay the same are shown around each change.
_AROUND = 2
Line = tuple[str, str]


@bp.get(f"{LESSON}/versions")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def versions(offering_id: int, lesson_id: int) -> str:
    """All versions, newest first."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    return page("learning/versions.html", course=course, lesson=lesson, versions=list_versions(lesson_id))


@bp.get(_VERSION)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def version(offering_id: int, lesson_id: int, number: int) -> str:
    """What changed in one version."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    found = find_version(lesson_id, number) or not_found()
    return page("learning/version.html", course=course, lesson=lesson, version=found, lines=_changes(found))


@bp.post(_VERSION)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def restore(offering_id: int, lesson_id: int, number: int) -> BaseResponse:
    """Make an old text the present one; it becomes the newest version."""
    staffed_course(offering_id)
    lesson = lessons.locked_lesson(lesson_id, offering_id)
    old = find_version(lesson_id, number) or not_found()
    note = _("Back to version %(number)s", number=number)
    draft = LessonDraft(old.title, old.body, lesson.published_at, note)
    changed = lessons.change_lesson(lesson, draft, None, actor())
    db.session.commit()
    flash(note if changed else _("There was nothing to change."), "done")
    return redirect(url_for("lessons.edit", offering_id=offering_id, lesson_id=lesson_id), 303)


def _changes(version: VersionText) -> list[Line]:
    """The lines that went ("gone"), came ("new") and stand around them ("same"); "skip" stands for more of these."""
    before, after = version.before_body.splitlines(), version.body.splitlines()
    lines: list[Line] = []
    for tag, first, last, from_, to in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            kept = after[from_:to]
            if len(kept) > 2 * _AROUND + 1:
                skipped = ("skip", str(len(kept) - 2 * _AROUND))
                lines += [("same", line) for line in kept[:_AROUND]] + [skipped]
                kept = kept[-_AROUND:]
            lines += [("same", line) for line in kept]
        else:
            lines += [("gone", line) for line in before[first:last]] + [("new", line) for line in after[from_:to]]
    return lines
