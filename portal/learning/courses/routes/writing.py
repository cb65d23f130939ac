"""Making an open course, writing a course's page, publishing and archiving it."""

from collections.abc import Callable

from flask import current_app, flash, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response

from portal.config.present import present_settings
from portal.errors import Conflict, DomainError, NotFound
from portal.extensions import db
from portal.folding import whole_number
from portal.learning.courses import services
from portal.learning.courses.forms import CoverForm, OpenForm, PageForm, form_for, text_of
from portal.learning.courses.queries import CourseView
from portal.learning.courses.routes.blueprint import bp
from portal.learning.courses.routes.common import OF_STAFF, ONE, STAFF, staffed_course
from portal.learning.courses.services.covers import MOST_COVER
from portal.learning.services.files import Limits
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.errors import Answer as ErrorAnswer
from portal.web.errors import error_page
from portal.web.locale import present_day
from portal.web.pages import page
from portal.web.requests import takes_bodies_of

Answer = str | Response | tuple[str, int]
_MEGABYTE = 1 << 20


@bp.get("/new")
@audience(Role.FACILITATOR)
def new() -> str:
    """An empty form."""
    return page("courses/new.html", form=OpenForm(None))


@bp.post("/new")
@audience(Role.FACILITATOR)
def make() -> Answer:
    """Make an open course of one's own, a draft; then go on with its page."""
    form = OpenForm(request.form)
    if not form.validate():
        return page("courses/new.html", form=form), 422
    try:
        course_id = services.make_open_course(
            form.open_draft(), text_of(form.syllabus.data), current_user.facilitator_id, actor(), present_day()
        )
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return page("courses/new.html", form=form), error.status
    flash(_("Your course is a draft: nobody sees it until you publish it."), "done")
    return redirect(url_for(".edit", offering_id=course_id), 303)


@bp.get(f"{ONE}/edit")
@audience(*STAFF)
@owned(OF_STAFF)
def edit(offering_id: int) -> str:
    """The form of a course's page."""
    course = staffed_course(offering_id)
    return _page(course, form_for(course))


@bp.post(f"{ONE}/edit")
@audience(*STAFF)
@owned(OF_STAFF)
def change(offering_id: int) -> Answer:
    """Write a course's page. What somebody else wrote meanwhile is shown first, and nothing typed is lost."""
    form = form_for(staffed_course(offering_id), request.form)
    if not form.validate():
        return _page(staffed_course(offering_id), form), 422
    try:
        changed = services.save_page(offering_id, form.draft(), form.seen, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        now = staffed_course(offering_id)
        if isinstance(error, Conflict) and error.field == "version":
            return _page(now, form, theirs=_differences(now, form)), error.status
        form.show(error)
        return _page(now, form), error.status
    said = _("Saved.") if changed else _("Nothing was different, so nothing was changed.")
    flash(said, "done" if changed else "note")
    return redirect(url_for(".edit", offering_id=offering_id), 303)


@bp.post(f"{ONE}/publish")
@audience(*STAFF)
@owned(OF_STAFF)
def publish(offering_id: int) -> Answer:
    """Open a course's page to students, or open it again."""
    return _set(offering_id, services.publish, _("The course is published."))


@bp.post(f"{ONE}/archive")
@audience(*STAFF)
@owned(OF_STAFF)
def archive(offering_id: int) -> Answer:
    """Close a course: who is on it can still read."""
    return _set(
        offering_id, services.archive, _("The course is archived: nobody can enrol, and whoever is on it can read.")
    )


@bp.post(f"{ONE}/delete")
@audience(*STAFF)
@owned(OF_STAFF)
def delete(offering_id: int) -> Answer:
    """Delete an open course that is still a draft, with its lessons."""
    course = staffed_course(offering_id)
    try:
        services.delete_draft(offering_id, whole_number(request.form.get("version")) or 0, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        flash(str(error), "problem")
        return redirect(url_for(".edit", offering_id=offering_id), 303)
    flash(_("“%(course)s” is deleted.", course=course.card.name), "done")
    return redirect(url_for(".home"), 303)


@bp.post(f"{ONE}/cover")
@audience(*STAFF)
@owned(OF_STAFF)
@takes_bodies_of(MOST_COVER + _MEGABYTE)
def cover(offering_id: int) -> Answer:
    """Keep, describe or take away the picture of a course."""
    course = staffed_course(offering_id)
    form = CoverForm(request.form)
    sent = request.files.get("cover")
    try:
        if not form.validate():
            return _page(course, form_for(course), cover=form), 422
        _keep(offering_id, form, sent.filename or "" if sent else "", sent.read() if sent else b"")
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        form.show(error)
        return _page(staffed_course(offering_id), form_for(course), cover=form), error.status
    finally:
        if sent:
            sent.close()
    flash(_("Saved."), "done")
    return redirect(url_for(".edit", offering_id=offering_id, _anchor="cover"), 303)


@bp.errorhandler(413)
def too_large(_error: RequestEntityTooLarge) -> ErrorAnswer | Response:
    """Say how large a picture may be; nothing of it was read."""
    if request.endpoint != "courses.cover":
        return error_page(413)
    return error_page(413, _("A picture for a course may have %(most)s MB.", most=MOST_COVER // _MEGABYTE))


def _keep(offering_id: int, form: CoverForm, name: str, content: bytes) -> None:
    alt = (form.alt.data or "").strip()
    if form.deed.data == "remove":
        services.remove_cover(offering_id, actor())
    elif name:
        settings = present_settings()
        limits = Limits(settings.upload_limit_mb, settings.course_files_limit_mb)
        storage = current_app.extensions["portal_storage"]
        services.keep_cover(offering_id, name, content, alt, limits, storage, actor())
    else:
        services.describe_cover(offering_id, alt, actor())


def _set(offering_id: int, deed: Callable[..., bool], said: str) -> Answer:
    course = staffed_course(offering_id)
    try:
        done = deed(offering_id, actor())
        db.session.commit()
    except NotFound:
        raise
    except DomainError as error:
        db.session.rollback()
        form = form_for(course)
        form.show(error)
        return _page(course, form), error.status
    flash(said if done else _("It was like that already."), "done" if done else "note")
    return redirect(url_for(".edit", offering_id=offering_id), 303)


def _differences(now: CourseView, form: PageForm) -> list[tuple[str, str]]:
    """What stands now in each field where something else was typed."""
    present = form_for(now)
    fields = [field for field in present if field.name != "version"]
    return [(field.label.text, str(field.data)) for field in fields if field.data != form[field.name].data]


def _page(
    course: CourseView, form: PageForm, *, cover: CoverForm | None = None, theirs: list[tuple[str, str]] | None = None
) -> str:
    form.version.data = str(course.version)
    form.version.raw_data = None
    cover = cover or CoverForm(None, data={"alt": course.card.cover_alt or ""})
    return page("courses/edit.html", course=course, form=form, cover=cover, theirs=theirs, today=present_day(),
                most_mb=MOST_COVER // _MEGABYTE)  # fmt: skip
