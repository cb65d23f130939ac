"""What the things of the audit are called, and where they can be seen: one statement for each kind on a page."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, select

from portal.accounts.models import ApiToken, Facilitator, Identity, Manager, RefreshToken, Student, User, UserSession
from portal.allocations.models import CourseOffering
from portal.catalogue.models import CalendarBreak, ClassGroup, Cohort, Department, Mode, Module
from portal.enrolments.models import Enrolment
from portal.extensions import db
from portal.learning.models import Lesson
from portal.tracker.models import ActivityLog, ChecklistItem

# The greatest id that all three databases take.
_LAST_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Thing:
    """What a thing is called, and the path of its page if it has one."""

    name: str
    path: str | None = None


@dataclass(frozen=True, slots=True)
class _Kind:
    """How things of one kind are read: id, the words of the name, and the number that goes into the path."""

    statement: Select[*tuple[Any, ...]]
    path: str | None = None


def _person(profile: Any) -> _Kind:
    columns = (profile.id, User.first_name, User.last_name, User.id)
    return _Kind(select(*columns).join(User, User.id == profile.user_id), "/admin/users/{}")


_COURSE = "/allocations/{}"
_KINDS: Mapping[str, _Kind] = {
    "users": _Kind(select(User.id, User.first_name, User.last_name, User.id), "/admin/users/{}"),
    "managers": _person(Manager),
    "facilitators": _person(Facilitator),
    "students": _person(Student),
    "user_sessions": _person(UserSession),
    "refresh_tokens": _person(RefreshToken),
    "api_tokens": _person(ApiToken),
    "identities": _person(Identity),
    "departments": _Kind(select(Department.id, Department.code, Department.name, Department.id)),
    "modules": _Kind(select(Module.id, Module.code, Module.name, Module.id)),
    "classes": _Kind(select(ClassGroup.id, ClassGroup.name, ClassGroup.id)),
    "cohorts": _Kind(select(Cohort.id, Cohort.code, Cohort.name, Cohort.id)),
    "modes": _Kind(select(Mode.id, Mode.name, Mode.id)),
    "calendar_breaks": _Kind(select(CalendarBreak.id, CalendarBreak.name, CalendarBreak.start_date, CalendarBreak.id)),
    "checklist_items": _Kind(select(ChecklistItem.id, ChecklistItem.label_en, ChecklistItem.id), "/checklist/{}"),
    "course_offerings": _Kind(
        select(CourseOffering.id, Module.code, ClassGroup.name, CourseOffering.id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id),
        _COURSE,
    ),
    "activity_trackers": _Kind(
        select(ActivityLog.id, Module.code, ClassGroup.name, ActivityLog.week_start, ActivityLog.allocation_id)
        .join(CourseOffering, CourseOffering.id == ActivityLog.allocation_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id)
        .outerjoin(ClassGroup, ClassGroup.id == CourseOffering.class_id),
        "/tracker/courses/{}",
    ),
    "lessons": _Kind(select(Lesson.id, Lesson.title, Lesson.offering_id), "/courses/{}/lessons/"),
    "enrolments": _Kind(
        select(Enrolment.id, Module.code, Student.student_number, Enrolment.offering_id)
        .join(CourseOffering, CourseOffering.id == Enrolment.offering_id)
        .join(Student, Student.id == Enrolment.student_id)
        .outerjoin(Module, Module.id == CourseOffering.module_id),
        _COURSE,
    ),
}
# Fields whose values are ids: of which kind.
_REFERENCES = {
    "copied_from": "course_offerings",
    "offering_id": "course_offerings",
    "facilitator_id": "facilitators",
    "substitute_id": "facilitators",
    "user_id": "users",
    "module_id": "modules",
    "class_id": "classes",
    "cohort_id": "cohorts",
    "mode_id": "modes",
    "departments": "departments",
}

Named = Mapping[tuple[str, int], Thing]


def references(field: str, value: Any) -> list[tuple[str, int]]:
    """The things that a value of a field means by their ids; none for a value that stands for itself."""
    kind = _REFERENCES.get(field)
    values = value if isinstance(value, list) else [value]
    return [(kind, one) for one in values if type(one) is int] if kind else []


def name_things(wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Thing]:
    """Things by kind and id; those that are gone, or of a kind that has no name, are left out."""
    by_kind: dict[str, set[int]] = defaultdict(set)
    for entity, entity_id in wanted:
        if 0 < entity_id <= _LAST_ID:
            by_kind[entity].add(entity_id)
    found: dict[tuple[str, int], Thing] = {}
    for entity, ids in by_kind.items():
        if kind := _KINDS.get(entity):
            row_id = kind.statement.selected_columns[0]
            rows = db.session.execute(kind.statement.where(row_id.in_(ids)))
            found.update({(entity, row[0]): _thing(kind, row[1:]) for row in rows})
    return found


def item_labels() -> dict[str, tuple[str, str]]:
    """The checklist's items by key, in English and in French: fields of weekly logs are called so."""
    rows = db.session.execute(select(ChecklistItem.key, ChecklistItem.label_en, ChecklistItem.label_fr))
    return {key: (english, french) for key, english, french in rows}


def _thing(kind: _Kind, row: Any) -> Thing:
    *words, number = row
    name = " ".join(str(word) for word in words if word)
    return Thing(name, kind.path.format(number) if kind.path else None)
