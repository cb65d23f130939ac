"""Files for a lesson: part by part from the page's script, which goes on where it stopped; or by a plain form."""

from collections.abc import Iterable

from flask import Response, flash, jsonify, redirect, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError, lazy
from portal.extensions import db
from portal.learning.forms import LessonForm
from portal.learning.queries.files import bytes_used, list_files
from portal.learning.routes.blueprint import LESSON, bp
from portal.learning.routes.common import STAFF, lesson_of, limits, staffed_course, storage
from portal.learning.routes.editing import lesson_page
from portal.learning.services import files
from portal.learning.services.lessons import locked_lesson
from portal.learning.storage import PART_SIZE
from portal.roles import Role
from portal.web.access import actor, audience, owned
from portal.web.htmx import fragment
from portal.web.locale import zone_of_reader
from portal.web.requests import takes_bodies_of

# A form is taken whole before anybody looks at it; larger files come in parts.
FORM_MB = 20
_UPLOAD = f"{LESSON}/uploads/<id:file_id>"
_SLACK = 64 * 1024


@bp.get(f"{LESSON}/files")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def shown_files(offering_id: int, lesson_id: int) -> BaseResponse:
    """The files of a lesson, for their place in its page."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    used_mb = -(-bytes_used(offering_id) // (1024 * 1024))
    return fragment("learning/_files.html", course=course, lesson=lesson, files=list_files(lesson_id), used_mb=used_mb,
                    limits=limits(), file_faults=())  # fmt: skip


@bp.post(f"{LESSON}/files")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
@takes_bodies_of(FORM_MB * 1024 * 1024 + _SLACK)
def upload(offering_id: int, lesson_id: int) -> BaseResponse | tuple[str, int]:
    """The files of a plain form: each that is taken is kept, whatever becomes of the others."""
    course = staffed_course(offering_id)
    lesson = lesson_of(course, lesson_id)
    sent = [file for file in request.files.getlist("file") if file.filename]
    faults = [] if sent else [_("Choose a file first.")]
    for file in sent:
        try:
            _take(offering_id, lesson_id, file)
        except DomainError as error:
            faults.append(str(error))
    if faults:
        form = LessonForm.of(lesson, zone_of_reader())
        return lesson_page(course, lesson, form, file_faults=faults), 422
    flash(_("The files are saved."), "done")
    return _to_files(offering_id, lesson_id)


@bp.post(f"{LESSON}/uploads")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def begin_upload(offering_id: int, lesson_id: int) -> BaseResponse:
    """Say which file is to come: its `name` and `size`; gives its id, and how long each part is."""
    lesson_of(staffed_course(offering_id), lesson_id)
    size = request.form.get("size", type=int) or 0
    try:
        file = files.begin_upload(offering_id, request.form.get("name", "")[:1000], size, limits(), actor())
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        return _said(error)
    return jsonify(id=file.id, part_size=file.part_size, parts=0)


@bp.get(_UPLOAD)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def upload_state(offering_id: int, lesson_id: int, file_id: int) -> BaseResponse:
    """How many parts of a file have arrived, to go on from there."""
    lesson_of(staffed_course(offering_id), lesson_id)
    file = files.find_arriving(file_id, current_user.id)
    return jsonify(id=file.id, part_size=file.part_size, parts=file.parts)


@bp.post(f"{_UPLOAD}/<int(max=2147483647):number>")  # counted from 0, so no id
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
@takes_bodies_of(PART_SIZE)
def upload_part(offering_id: int, lesson_id: int, file_id: int, number: int) -> BaseResponse:
    """A part of a file, as the body of the request; with the last one it is the lesson's."""
    lesson_of(staffed_course(offering_id), lesson_id)
    file = files.find_arriving(file_id, current_user.id)
    if file.offering_id != offering_id:
        return _said(DomainError(lazy("This upload is over. Choose the file once more.")))
    try:
        is_whole = files.add_part(file, number, request.get_data(cache=False), storage())
        if is_whole:
            files.attach(locked_lesson(lesson_id, offering_id), file)
        db.session.commit()
    except DomainError as error:
        db.session.rollback()
        if "parts" not in error.facts:
            _let_go(file_id)
        return _said(error)
    return jsonify(id=file.id, parts=file.parts, done=is_whole)


@bp.post(f"{LESSON}/files/<id:file_id>/remove")
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
def remove_file(offering_id: int, lesson_id: int, file_id: int) -> BaseResponse:
    """Take a file away from a lesson."""
    staffed_course(offering_id)
    name = files.detach(locked_lesson(lesson_id, offering_id), file_id)
    db.session.commit()
    if name:
        flash(_("“%(name)s” is removed from the lesson.", name=name), "done")
    return _to_files(offering_id, lesson_id)


def _take(offering_id: int, lesson_id: int, sent: FileStorage) -> None:
    """Keep one file of a form, a part at a time. Raises DomainError; then nothing of it is left."""
    sent.stream.seek(0, 2)
    size = sent.stream.tell()
    sent.stream.seek(0)
    file_id = None
    try:
        file = files.begin_upload(offering_id, sent.filename or "", size, limits(), actor())
        file_id = file.id
        db.session.commit()
        for number, part in enumerate(_parts(sent)):
            files.add_part(file, number, part, storage())
        files.attach(locked_lesson(lesson_id, offering_id), file)
        db.session.commit()
    except DomainError:
        db.session.rollback()
        if file_id is not None:
            _let_go(file_id)
        raise


def _parts(sent: FileStorage) -> Iterable[bytes]:
    while part := sent.stream.read(PART_SIZE):
        yield part


def _let_go(file_id: int) -> None:
    """What was refused does not count any more."""
    try:
        files.drop(files.find_arriving(file_id, current_user.id), storage())
    except DomainError:
        return
    db.session.commit()


def _said(error: DomainError) -> Response:
    answer = jsonify(error=str(error), **error.facts)
    answer.status_code = error.status
    return answer


def _to_files(offering_id: int, lesson_id: int) -> BaseResponse:
    return redirect(url_for("lessons.edit", offering_id=offering_id, lesson_id=lesson_id) + "#files", 303)
