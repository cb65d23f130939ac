"""The picture of a course's page."""

from portal.allocations.models import CourseOffering
from portal.allocations.services.open_courses import raise_version
from portal.audit.services import Actor, record
from portal.errors import DomainError, NotFound, lazy
from portal.extensions import db
from portal.learning.courses.models import ALT_LIMIT, CoursePage
from portal.learning.courses.services.pages import page_of
from portal.learning.models import FileKind
from portal.learning.services.files import Limits, add_part, begin_upload
from portal.learning.storage import PART_SIZE, Storage

_MEGABYTE = 1024 * 1024
MOST_COVER = PART_SIZE


def keep_cover(
    offering_id: int, name: str, content: bytes, alt: str, limits: Limits, storage: Storage, by: Actor
) -> None:
    """Make a picture the cover of a course; the one before is cleaned up later. It is what its content says it is.

    Raises NotFound, and DomainError on "cover" for what is no picture, or is too large.
    """
    page = _locked_page(offering_id)
    if len(content) > MOST_COVER:
        said = lazy("A picture for a course may have %(most)s MB.", most=MOST_COVER // _MEGABYTE)
        raise DomainError(said, "cover")
    try:
        file = begin_upload(offering_id, name, len(content), limits, by)
        add_part(file, 0, content, storage)
    except DomainError as error:
        raise DomainError(error.message, "cover") from error
    if file.kind is not FileKind.PICTURE:
        storage.delete(file.key)
        raise DomainError(lazy("This is not a picture. Choose a JPEG, PNG, GIF or WebP file."), "cover")
    _note(page, file.id, alt, by)


def describe_cover(offering_id: int, alt: str, by: Actor) -> None:
    """Change the words that stand for the picture. Raises NotFound."""
    page = _locked_page(offering_id)
    if page.cover_id is not None and page.cover_alt != alt:
        _note(page, page.cover_id, alt, by)


def remove_cover(offering_id: int, by: Actor) -> bool:
    """Take the picture away; False when there was none. Raises NotFound."""
    page = _locked_page(offering_id)
    if page.cover_id is None:
        return False
    _note(page, None, "", by)
    return True


def _locked_page(offering_id: int) -> CoursePage:
    if db.session.get(CourseOffering, offering_id, populate_existing=True, with_for_update=True) is None:
        raise NotFound(lazy("There is no such course."))
    return page_of(offering_id)


def _note(page: CoursePage, cover_id: int | None, alt: str, by: Actor) -> None:
    before = page.cover_id
    page.cover_id, page.cover_alt = cover_id, alt[:ALT_LIMIT]
    db.session.flush()
    record(by, "update", CourseOffering.__tablename__, page.offering_id, cover_id=(before, cover_id))
    raise_version(page.offering_id)
