"""Writing a lesson: its text with a preview, when students see it, its files and its quick check beside it."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.folding import whole_number
from portal.learning.forms import LessonForm
from portal.learning.markdown import RENDERER, Rendered, render
from portal.learning.models import BODY_LIMIT
from portal.learning.queries import CourseHead
from portal.learning.queries.files import bytes_used, list_files
from portal.learning.queries.lessons import LessonText
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import STAFF, lesson_of, limits, staffed_course
from portal.learning.services import lessons
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.htmx import fragment
from portal.web.locale import zone_of_reader
from portal.web.pages import page

Answer = BaseResponse | str | tuple[str, int]


@bp.get("/new")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def new(offering_id: int) -> str:
    """The empty form."""
    return lesson_page(staffed_course(offering_id), None, LessonForm.of(None, zone_of_reader()))


@bp.post("/new")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def create(offering_id: int) -> Answer:
    """Add a lesson; its files and its quick check come once it is there."""
    course, zone = staffed_course(offering_id), zone_of_reader()
    form = LessonForm.of(None, zone, request.form)
    if request.form.get("do") == "preview":
        return lesson_page(course, None, form)
    draft = form.draft(None, zone) if form.validate() else None
    if draft is None:
        return lesson_page(course, None, form), 422
    try:
        lesson = lessons.create_lesson(offering_id, draft, actor())
        db.session.commit()
    except DomainError as error:
        return _refused(course, None, form, error)
    flash(_("“%(title)s” is saved. Files and a quick check can be added now.", title=lesson.title), "done")
    return redirect(url_for("lessons.edit", offering_id=offering_id, lesson_id=lesson.id), 303)


@bp.get(f"{LESSON}/edit")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def edit(offering_id: int, lesson_id: int) -> str:
    """A lesson, to be changed."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    return lesson_page(course, lesson, LessonForm.of(lesson, zone_of_reader()))


@bp.post(f"{LESSON}/edit")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def change(offering_id: int, lesson_id: int) -> Answer:
    """Save a lesson; what is wrong stands at its field, and nothing that was typed is lost."""
    course, zone = staffed_course(offering_id), zone_of_reader()
    lesson = lesson_of(course, lesson_id)
    form = LessonForm.of(lesson, zone, request.form)
    if request.form.get("do") == "preview":
        return lesson_page(course, lesson, form)
    draft = form.draft(lesson, zone) if form.validate() else None
    if draft is None:
        return lesson_page(course, lesson, form), 422
    try:
        locked = lessons.locked_lesson(lesson_id, offering_id)
        changed = lessons.change_lesson(locked, draft, form.version.data or 0, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        return _refused(course, lesson, form, error)
    said = _("“%(title)s” is saved.", title=draft.title) if changed else _("There was nothing to change.")
    flash(said, "done")
    return redirect(url_for("lessons.edit", offering_id=offering_id, lesson_id=lesson_id), 303)


@bp.post("/preview")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def preview(offering_id: int) -> BaseResponse:
    """A text as students would see it; `lesson` says whose files it may show."""
    course = staffed_course(offering_id)
    lesson_id = whole_number(request.form.get("lesson"))
    lesson = lesson_of(course, lesson_id) if lesson_id else None
    files = [file.ref for file in list_files(lesson.id)] if lesson else []
    form = LessonForm(request.form)
    form.body.validate(form)
    made = render((form.body.data or "")[:BODY_LIMIT], files)
    return fragment("learning/_preview.html", preview=made, faults=list(form.body.errors))


def lesson_page(course: CourseHead, lesson: LessonText | None, form: LessonForm, **context: Any) -> str:
    """The page on which a lesson is written. `context` may hold what is wrong with a file."""
    used, files = bytes_used(course.id), list_files(lesson.id) if lesson else ()
    text = (form.body.data or "")[:BODY_LIMIT]
    is_stored = lesson is not None and (lesson.body, lesson.renderer) == (text, RENDERER)
    shown = Rendered(lesson.html) if lesson and is_stored else render(text, [file.ref for file in files])
    given: dict[str, Any] = {"preview": shown if text else None, "file_faults": ()} | context
    return page(
        "learning/edit.html",
        course=course,
        lesson=lesson,
        form=form,
        files=files,
        used_mb=-(-used // (1024 * 1024)),
        limits=limits(),
        **given,
    )


def _refused(course: CourseHead, lesson: LessonText | None, form: LessonForm, error: DomainError) -> Answer:
    """The form with what is wrong; what was typed stays."""
    db.session.rollback()
    form.show(error)
    if lesson is not None and isinstance(error, Conflict):
        # Whoever sends it again has been told that there is something newer.
        lesson = lesson_of(course, lesson.id)
        form.version.process_data(lesson.version)
        form.version.raw_data = None
    return lesson_page(course, lesson, form), error.status
