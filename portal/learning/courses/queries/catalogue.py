"""The catalogue of open courses."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select

from portal.accounts.models import Facilitator, Student, User
from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.queries.filters import holds, words_of
from portal.allocations.queries.listing import RUNNING
from portal.catalogue.models import Module
from portal.enrolments.models import Enrolment, EnrolmentStatus
from portal.extensions import db
from portal.learning.courses.models import CoursePage
from portal.learning.courses.queries.cards import CARD, CourseCard, card_of, with_course
from portal.paging import Page, PageRequest, fitting, make_page, slice_by_key

PAGE_SIZE = 24
_FEW = 200
# Newest first; by title.
SORTS = ("new", "title")


@dataclass(frozen=True, slots=True)
class CatalogueFilter:
    """What somebody looks for; `begins` is "", "running" or "coming", `department` that of who teaches it."""

    q: str = ""
    department: str = ""
    begins: str = ""
    with_places: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it leaves anything out."""
        return self != CatalogueFilter()


def page_of_catalogue(wanted: CatalogueFilter, page: PageRequest, today: date) -> Page[CourseCard]:
    """Open courses that are published and not over. Two statements at any size; three where words match many."""
    conditions = _conditions(wanted, today)
    matching = _ids_matching(conditions) if wanted.q else None
    if matching is not None:
        # The texts are looked through once: for the count and for the page it is the same few courses.
        conditions = [CourseOffering.id.in_(matching)]
    keys: list[Any] = [CourseOffering.title_folded] if page.sort == "title" else [CourseOffering.published_at]
    page = fitting(page, keys)
    total = _count(conditions) if matching is None else len(matching)
    shown = with_course(select(*CARD, *keys, CourseOffering.id.label("row_id"))).where(*conditions)
    row_id: Any = CourseOffering.id
    rows: Sequence[Any] = db.session.execute(slice_by_key(shown, keys, row_id, page)).all()
    return make_page([card_of(row) for row in rows], [tuple(row[len(CARD) :]) for row in rows], page, total)


def _count(conditions: list[ColumnElement[bool]]) -> int:
    return db.session.scalar(with_course(select(func.count()).select_from(CourseOffering)).where(*conditions)) or 0


def _ids_matching(conditions: list[ColumnElement[bool]]) -> Sequence[int] | None:
    """The courses that match; None when there are more than `_FEW`."""
    found = db.session.scalars(with_course(select(CourseOffering.id)).where(*conditions).limit(_FEW + 1)).all()
    return found if len(found) <= _FEW else None


def list_departments(today: date) -> list[str]:
    """The departments of those who teach what is in the catalogue, in their order. One statement."""
    wanted = (
        select(Facilitator.department)
        .join(CourseOffering, CourseOffering.facilitator_id == Facilitator.id)
        .where(*_is_listed(today), Facilitator.department.is_not(None), Facilitator.department != "")
    )
    return sorted({name for name in db.session.scalars(wanted.distinct()) if name})


def joined_by(user_id: int, offering_ids: list[int]) -> dict[int, EnrolmentStatus]:
    """How somebody stands on the courses of a page; those that they are not on are left out. One statement."""
    wanted = (
        select(Enrolment.offering_id, Enrolment.status)
        .join(Student, Student.id == Enrolment.student_id)
        .where(
            Student.user_id == user_id,
            Enrolment.offering_id.in_(offering_ids),
            Enrolment.status != EnrolmentStatus.WITHDRAWN,
        )
    )
    return dict(db.session.execute(wanted).all())


def _is_listed(today: date) -> list[ColumnElement[bool]]:
    return [
        CourseOffering.kind == OfferingKind.OPEN,
        CourseOffering.published_at.is_not(None),
        CourseOffering.archived_at.is_(None),
        CourseOffering.status.in_(RUNNING),
        CourseOffering.end_date >= today,
    ]


def _conditions(wanted: CatalogueFilter, today: date) -> list[ColumnElement[bool]]:
    found = _is_listed(today) + [_mentions(word) for word in words_of(wanted.q)]
    if wanted.department:
        found.append(Facilitator.department == wanted.department)
    if wanted.begins == "running":
        found.append(CourseOffering.start_date <= today)
    elif wanted.begins == "coming":
        found.append(CourseOffering.start_date > today)
    if wanted.with_places:
        found += [
            CourseOffering.enrolled_count < CourseOffering.max_students,
            CourseOffering.waiting_count == 0,
            CourseOffering.enrolment_policy == "open",
        ]
    return found


def _mentions(word: str) -> ColumnElement[bool]:
    """Whether title, text, module or facilitator hold a word. The short texts are looked at first."""
    return or_(
        holds(CourseOffering.title_folded, word),
        holds(User.name_folded, word),
        holds(Module.name_folded, word),
        holds(CoursePage.text_folded, word),
    )
