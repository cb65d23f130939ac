"""Taking the demo institution out again: all of it, and nothing of what anyone has made besides.

What the institution's own data borrowed from the demo is kept whole: a course of its own that a demo
facilitator taught is left without facilitator, and a module that such a course uses stays.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute

from portal.accounts.models import Facilitator, Manager, Student, User
from portal.accounts.queries import list_accounts_at
from portal.allocations.models import CourseOffering, OfferingKind
from portal.audit.models import AuditEvent, ChangeBatch
from portal.audit.services import Actor, record
from portal.bulk import ids_by, in_chunks
from portal.catalogue.calendar import rules_of
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Module
from portal.config import Settings
from portal.database import IN_PLACE
from portal.enrolments.models import Enrolment
from portal.enrolments.services.bulk import count_anew
from portal.errors import NotFound, lazy
from portal.exchange.demo import people, teaching
from portal.exchange.demo.reflections import clear_forms
from portal.exchange.models import ImportRun
from portal.extensions import Model, db
from portal.jobs.models import Job
from portal.learning.models import Lesson, LessonVersion, StoredFile
from portal.notifications.models import Delivery, Notification
from portal.reflections.models import ReflectionRound
from portal.tracker.models import ActivityLog, ActivityLogItem, Attendance
from portal.tracker.services import plan_logs

# Who did something, in rows that stay when the person goes.
_TRACES: tuple[InstrumentedAttribute[Any], ...] = (
    ActivityLog.submitted_by,
    ActivityLog.excused_by,
    ActivityLogItem.updated_by,
    ImportRun.started_by,
    AuditEvent.actor_id,
    ChangeBatch.actor_id,
    Job.owner_id,
    Lesson.updated_by,
    LessonVersion.author_id,
    StoredFile.uploaded_by,
    ReflectionRound.reply_by,
)


@dataclass(frozen=True, slots=True)
class ClearCounts:
    """How much was taken out, and what had to stay because other courses use it."""

    courses: int
    people: int
    kept: Sequence[str]


@dataclass(frozen=True, slots=True)
class _Demo:
    """The ids of all that belongs to the demo institution."""

    users: Sequence[int]
    managers: Sequence[int]
    facilitators: Sequence[int]
    students: Sequence[int]
    modules: Mapping[str, int]
    classes: Mapping[str, int]
    cohorts: Mapping[str, int]
    departments: Mapping[str, int]
    offerings: Sequence[int]


def clear_demo(settings: Settings, by: Actor) -> ClearCounts:
    """Delete the demo institution in the caller's transaction. Raises NotFound when it is not there."""
    demo = _find()
    _delete_offerings(demo)
    clear_forms()
    _release(demo)
    _delete_people(demo)
    kept = _delete_catalogue(demo)
    if db.write(delete(CalendarBreak).where(CalendarBreak.name == teaching.BREAK_NAME)):
        plan_logs(None, rules_of(settings))
    counts = ClearCounts(len(demo.offerings), len(demo.users), kept)
    record(by, "clear_demo", "users", 0, courses=(counts.courses, 0), people=(counts.people, 0))
    return counts


def _find() -> _Demo:
    users = list(list_accounts_at(people.DOMAIN).values())
    if not users:
        raise NotFound(lazy("The demo institution is not here. Nothing was changed."))
    modules = ids_by(Module.code, teaching.MODULE_CODES)
    classes = ids_by(ClassGroup.name, teaching.CLASS_NAMES)
    cohorts = ids_by(Cohort.code, teaching.COHORTS)
    facilitators = _ids(Facilitator.id, Facilitator.user_id.in_(users))
    return _Demo(
        users=users,
        managers=_ids(Manager.id, Manager.user_id.in_(users)),
        facilitators=facilitators,
        students=_ids(Student.id, Student.user_id.in_(users)),
        modules=modules,
        classes=classes,
        cohorts=cohorts,
        departments=ids_by(Department.code, teaching.DEPARTMENTS),
        # Only what is of the demo through and through; a course that mixes is the institution's own.
        offerings=_ids(
            CourseOffering.id,
            or_(
                and_(
                    CourseOffering.module_id.in_(modules.values()),
                    CourseOffering.class_id.in_(classes.values()),
                    CourseOffering.cohort_id.in_(cohorts.values()),
                ),
                and_(CourseOffering.kind == OfferingKind.OPEN, CourseOffering.facilitator_id.in_(facilitators)),
            ),
        ),
    )


def _ids(column: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> list[int]:
    return list(db.session.scalars(select(column).where(*conditions)))


def _delete(column: InstrumentedAttribute[Any], ids: Iterable[int]) -> None:
    """Delete the rows whose column holds one of these ids."""
    for part in in_chunks(ids):
        db.session.execute(delete(column.class_).where(column.in_(part)))


def _delete_history(model: type[Model], ids: Iterable[int]) -> None:
    """The audit of rows that go: a later row may get their ids, and would inherit it."""
    for part in in_chunks(ids):
        mine = (AuditEvent.entity == model.__tablename__, AuditEvent.entity_id.in_(part))
        db.session.execute(delete(AuditEvent).where(*mine))


def _delete_offerings(demo: _Demo) -> None:
    """The demo's courses with their logs and rosters, and the demo's students on any other course."""
    _delete_logs(_ids(ActivityLog.id, ActivityLog.allocation_id.in_(demo.offerings)))
    enrolments = db.session.execute(
        select(Enrolment.id, Enrolment.offering_id).where(
            or_(Enrolment.offering_id.in_(demo.offerings), Enrolment.student_id.in_(demo.students))
        )
    ).all()
    enrolled = [row.id for row in enrolments]
    _delete(Attendance.enrolment_id, enrolled)
    _delete_history(Enrolment, enrolled)
    _delete(Enrolment.id, enrolled)
    count_anew({row.offering_id for row in enrolments} - set(demo.offerings))
    _delete_history(Lesson, _ids(Lesson.id, Lesson.offering_id.in_(demo.offerings)))
    _delete_history(CourseOffering, demo.offerings)
    _delete(CourseOffering.id, demo.offerings)


def _delete_logs(ids: Sequence[int]) -> None:
    _delete(Attendance.tracker_id, ids)
    _delete(ActivityLogItem.tracker_id, ids)
    _delete_history(ActivityLog, ids)
    _delete(ActivityLog.id, ids)


def _release(demo: _Demo) -> None:
    """Let go of the demo's people wherever the institution's own data names them."""
    _delete_logs(_ids(ActivityLog.id, ActivityLog.facilitator_id.in_(demo.facilitators)))
    taught = CourseOffering.facilitator_id.in_(demo.facilitators)
    _update(CourseOffering, taught, facilitator_id=None, allocated_on=None, version=CourseOffering.version + 1)
    _update(Student, Student.cohort_id.in_(demo.cohorts.values()) & Student.id.not_in(demo.students), cohort_id=None)
    for trace in _TRACES:
        for part in in_chunks(demo.users):
            _update(trace.class_, trace.in_(part), **{trace.key: None})


def _update(model: Any, condition: ColumnElement[bool], **values: Any) -> None:
    statement = update(model).where(condition).values(**values)
    db.session.execute(statement.execution_options(**IN_PLACE))


def _delete_people(demo: _Demo) -> None:
    """The accounts; profiles and tokens go with them."""
    _delete(Notification.recipient_id, demo.users)
    _delete(Delivery.recipient_id, demo.users)
    profiles = ((Manager, demo.managers), (Facilitator, demo.facilitators), (Student, demo.students))
    for model, ids in profiles:
        _delete_history(model, ids)
        _delete(model.id, ids)
    _delete_history(User, demo.users)
    _delete(User.id, demo.users)


def _delete_catalogue(demo: _Demo) -> list[str]:
    """What no course of the institution's own uses; gives the codes of the rest."""
    kept: list[str] = []
    for model, ids, used_by in (
        (Module, demo.modules, CourseOffering.module_id),
        (ClassGroup, demo.classes, CourseOffering.class_id),
        (Cohort, demo.cohorts, CourseOffering.cohort_id),
        (Department, demo.departments, Module.department_id),
    ):
        used = set(db.session.scalars(select(used_by).where(used_by.in_(ids.values()))))
        free = [row_id for row_id in ids.values() if row_id not in used]
        _delete_history(model, free)
        _delete(model.id, free)
        kept += [key for key, row_id in ids.items() if row_id in used]
    return kept
