"""Lessons: staff write them, students read what is published and note what they have done."""

from collections.abc import Mapping
from operator import attrgetter

from flask import abort, url_for

from portal import clock
from portal.api.blueprint import bp
from portal.api.conditional import version_seen
from portal.api.operations import Reply, operation
from portal.api.paging import page_reply
from portal.api.schemas.lessons import (
    CompletionShown,
    LessonChange,
    LessonListed,
    LessonNew,
    LessonQuery,
    LessonShown,
)
from portal.extensions import db
from portal.folding import one_line
from portal.learning import queries
from portal.learning.queries import CourseHead
from portal.learning.queries.lessons import LessonText, find_lesson, offering_of
from portal.learning.routes.common import READERS, STAFF, not_found, readable_course, staffed_course, viewer
from portal.learning.services import lessons as writing
from portal.learning.services.completing import mark_done, mark_not_done
from portal.learning.services.lessons import LessonDraft
from portal.roles import Role
from portal.web.access import actor, audience, everyone, owned

_LIST = "/course-offerings/<id:offering_id>/lessons"
_ONE = "/lessons/<id:lesson_id>"


@bp.get(_LIST)
@everyone
@owned(READERS)
@operation("List the lessons of a course", query=LessonQuery, answer=list[LessonListed])
def index_lessons(offering_id: int, query: LessonQuery) -> Reply:
    """What is published; for its staff, everything."""
    course = readable_course(offering_id)
    everything = course.is_staffed_by(viewer())
    titles = queries.list_lessons(offering_id, clock.now(), course.enrolment_id, everything=everything)
    # Two of one place stand by their number, which the list has done.
    titles.sort(key=attrgetter(query.sort.removeprefix("-")), reverse=query.sort.startswith("-"))
    part = titles[query.offset : query.offset + query.limit]
    studies = course.enrolment_id is not None
    return page_reply([LessonListed.of(one, offering_id, studies=studies) for one in part], len(titles), query)


@bp.post(_LIST)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
@operation("Add a lesson", body=LessonNew, answer=LessonShown, status=201)
def create_lesson(offering_id: int, body: LessonNew) -> Reply:
    """A lesson at the end of the course."""
    course = staffed_course(offering_id)
    lesson = writing.create_lesson(
        offering_id, LessonDraft(one_line(body.title), body.body, body.published_at), actor()
    )
    db.session.commit()
    return _reply(course, lesson.id, {"Location": url_for("api.show_lesson", lesson_id=lesson.id)})


@bp.get(_ONE)
@everyone
@owned(READERS)
@operation("Read a lesson", answer=LessonShown)
def show_lesson(lesson_id: int) -> Reply:
    """One lesson that the asker may read."""
    return _reply(_course(lesson_id), lesson_id)


@bp.patch(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
@operation("Change a lesson", body=LessonChange, answer=LessonShown)
def change_lesson(lesson_id: int, body: LessonChange) -> Reply:
    """Another text, another moment, another place; all of it or nothing."""
    course = _staffed(lesson_id)
    lesson = writing.locked_lesson(lesson_id)
    seen = version_seen(body.version, lesson.version)
    moment = body.published_at if "published_at" in body.model_fields_set else lesson.published_at
    title = lesson.title if body.title is None else one_line(body.title)
    text = lesson.body if body.body is None else body.body
    draft = LessonDraft(title, text, moment and moment.replace(microsecond=0), body.note)
    writing.change_lesson(lesson, draft, seen, actor())
    if body.position is not None:
        _move(course, lesson_id, body.position)
    db.session.commit()
    return _reply(course, lesson_id)


@bp.delete(_ONE)
@audience(Role.FACILITATOR, Role.MANAGER, Role.ADMIN)
@owned(STAFF)
@operation("Delete a lesson", status=204)
def delete_lesson(lesson_id: int) -> None:
    """It is gone, with what students did of it."""
    _staffed(lesson_id)
    lesson = writing.locked_lesson(lesson_id)
    version_seen(None, lesson.version)
    writing.delete_lesson(lesson, actor())
    db.session.commit()


@bp.put(f"{_ONE}/completion")
@audience(Role.STUDENT)
@owned("whoever studies the course")
@operation("Mark a lesson as done", answer=CompletionShown)
def complete_lesson(lesson_id: int) -> CompletionShown:
    """Done, once; doing so again changes nothing."""
    course = _course(lesson_id)
    mark_done(_text(course, lesson_id), course.enrolment_id or not_found())
    db.session.commit()
    return _completion(course, lesson_id)


@bp.delete(f"{_ONE}/completion")
@audience(Role.STUDENT)
@owned("whoever studies the course")
@operation("Take back that a lesson is done", status=204)
def uncomplete_lesson(lesson_id: int) -> None:
    """Not done after all; doing so again changes nothing."""
    course = _course(lesson_id)
    _text(course, lesson_id)
    mark_not_done(lesson_id, course.enrolment_id or not_found())
    db.session.commit()


def _course(lesson_id: int) -> CourseHead:
    return readable_course(offering_of(lesson_id) or abort(404))


def _staffed(lesson_id: int) -> CourseHead:
    return staffed_course(offering_of(lesson_id) or abort(404))


def _text(course: CourseHead, lesson_id: int) -> LessonText:
    return find_lesson(lesson_id, viewer(), clock.now(), course.enrolment_id) or abort(404)


def _reply(course: CourseHead, lesson_id: int, headers: Mapping[str, str] | None = None) -> Reply:
    lesson = _text(course, lesson_id)
    shown = LessonShown.whole(lesson, studies=course.enrolment_id is not None)
    return Reply(shown, {"ETag": f'"{lesson.version}"', **(headers or {})})


def _completion(course: CourseHead, lesson_id: int) -> CompletionShown:
    enrolment_id = course.enrolment_id or 0
    found = queries.progress_of([enrolment_id], clock.now())[enrolment_id]
    is_done = _text(course, lesson_id).done_at is not None
    return CompletionShown(lesson_id=lesson_id, is_done=is_done, percent=found.percent)


def _move(course: CourseHead, lesson_id: int, position: int) -> None:
    order = [one.id for one in queries.list_for_staff(course.id, clock.now()) if one.id != lesson_id]
    order.insert(position - 1, lesson_id)
    writing.put_in_order(course.id, order, actor())
