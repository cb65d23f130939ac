"""Writing what a course's page says, publishing, archiving and deleting it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from portal.allocations.models import CourseOffering, OfferingKind
from portal.allocations.services.deleting import delete_offering
from portal.allocations.services.editing import edit_offering
from portal.allocations.services.open_courses import (
    OpenDraft,
    archive_course,
    create_open_course,
    publish_course,
    raise_version,
    set_policy,
)
from portal.audit.services import Actor, record
from portal.enrolments.services import settle
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.folding import fold
from portal.learning.courses.models import SYLLABUS_LIMIT, CoursePage
from portal.learning.services.lessons import delete_lessons_of

# So much of summary and syllabus is searched.
_SEARCHED = 4_000


@dataclass(frozen=True, slots=True)
class PageDraft:
    """What somebody wants a page to say: fields of the course by name, and the syllabus; `policy` of open courses."""

    fields: Mapping[str, Any]
    syllabus: str
    policy: str | None = None


def make_open_course(draft: OpenDraft, syllabus: str, facilitator_id: int, by: Actor, today: date) -> int:
    """A new open course with its page, a draft; gives its id. Raises DomainError with the field at fault."""
    offering = create_open_course(draft, facilitator_id, by, today)
    _write_page(offering.id, syllabus)
    return offering.id


def save_page(offering_id: int, draft: PageDraft, expected_version: int, by: Actor) -> bool:
    """Write title, summary, dates, places and syllabus; False when all stood so already.

    Raises NotFound; Conflict on "version" when somebody changed the course since `expected_version`; DomainError on
    the field at fault. A course that is published keeps a summary.
    """
    changed = bool(edit_offering(offering_id, draft.fields, expected_version, by))
    _check_published(offering_id)
    if draft.policy is not None:
        changed = set_policy(offering_id, draft.policy, by) or changed
    before = _write_page(offering_id, draft.syllabus)
    if before != draft.syllabus:
        record(by, "update", CourseOffering.__tablename__, offering_id, syllabus=(before, draft.syllabus))
        raise_version(offering_id)
        changed = True
    return changed


def publish(offering_id: int, by: Actor) -> bool:
    """Open a course's page to students; who still waits for it may move up. As `publish_course`."""
    done = publish_course(offering_id, by)
    settle([offering_id], by)
    return done


def archive(offering_id: int, by: Actor) -> bool:
    """Close a course. As `archive_course`."""
    return archive_course(offering_id, by)


def delete_draft(offering_id: int, expected_version: int, by: Actor) -> None:
    """Delete an open course that nobody ever saw, with its lessons.

    Raises NotFound; Conflict for any other course, for one that somebody is or was on, and as `delete_offering` does.
    """
    course = db.session.get(CourseOffering, offering_id, populate_existing=True, with_for_update=True)
    if course is None:
        raise NotFound(lazy("There is no such course."))
    if course.kind is not OfferingKind.OPEN or course.published_at is not None:
        raise Conflict(lazy("Only a draft of an open course can be deleted. This one can be archived."))
    delete_lessons_of(offering_id, by)
    delete_offering(offering_id, expected_version, by)


def _check_published(offering_id: int) -> None:
    course = db.session.get_one(CourseOffering, offering_id)
    if course.published_at is not None and not (course.summary or "").strip():
        raise DomainError(lazy("A course that is published needs a summary."), "summary")


def _write_page(offering_id: int, syllabus: str) -> str:
    """Write the syllabus and what is searched; gives what the syllabus was. The caller has locked the course."""
    if len(syllabus) > SYLLABUS_LIMIT:
        raise DomainError(lazy("This takes at most %(most)s characters.", most=SYLLABUS_LIMIT), "syllabus")
    course = db.session.get_one(CourseOffering, offering_id)
    page = page_of(offering_id)
    before = page.syllabus
    page.syllabus = syllabus
    page.text_folded = fold(f"{course.summary or ''} {syllabus}")[:_SEARCHED]
    db.session.flush()
    return before


def page_of(offering_id: int) -> CoursePage:
    """The page of a course, made if there is none. The caller has locked the course."""
    page = db.session.get(CoursePage, offering_id, populate_existing=True)
    if page is None:
        page = CoursePage(offering_id=offering_id, syllabus="", text_folded="", cover_alt="")
        db.session.add(page)
    return page
