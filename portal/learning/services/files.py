"""Taking files in: begun with a name and a size, then part by part, each kept at once; and letting go of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from uuid import uuid4

from sqlalchemy import ColumnElement, func, select, update

from portal import clock
from portal.audit.services import Actor
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.folding import fold
from portal.learning.file_kinds import clean_name, content_of
from portal.learning.models import NAME_LIMIT, FileState, Lesson, LessonAttachment, StoredFile
from portal.learning.queries.files import list_files
from portal.learning.services.lessons import lock_course, make_html
from portal.learning.storage import PART_SIZE, Storage

MOST_FILES = 50
_MEGABYTE = 1024 * 1024
_OVER = lazy("This upload is over. Choose the file once more.")


@dataclass(frozen=True, slots=True)
class Limits:
    """In megabytes, how large one file may be, and all files of a course together."""

    file_mb: int
    course_mb: int


def begin_upload(offering_id: int, name: str, size: int, limits: Limits, by: Actor) -> StoredFile:
    """Note that a file is to come; its parts follow with `add_part`. Raises DomainError when it is too large, NotFound
    for a course that is not there any more.

    Whatever is begun counts towards the course's quota until it is deleted. Three statements.
    """
    name = clean_name(name)
    if size <= 0:
        raise DomainError(lazy("“%(name)s” is empty.", name=name), "file")
    if size > limits.file_mb * _MEGABYTE:
        said = lazy("“%(name)s” is too large: a file may have %(most)s MB.", name=name, most=limits.file_mb)
        raise DomainError(said, "file")
    # Two uploads at once count each other.
    lock_course(offering_id)
    used = select(func.coalesce(func.sum(StoredFile.size), 0)).where(StoredFile.offering_id == offering_id)
    if int(db.session.scalar(used) or 0) + size > limits.course_mb * _MEGABYTE:
        said = lazy(
            "“%(name)s” does not fit: the files of a course may have %(most)s MB together. Remove some first.",
            name=name, most=limits.course_mb,
        )  # fmt: skip
        raise DomainError(said, "file")
    file = StoredFile(
        key=uuid4().hex, name=name, size=size, part_size=PART_SIZE, offering_id=offering_id, uploaded_by=by.user_id
    )
    db.session.add(file)
    db.session.flush()
    return file


def add_part(file: StoredFile, number: int, content: bytes, storage: Storage) -> bool:
    """Keep a part, the next one; gives whether the file is whole now. What it is shows in the first.

    Raises Conflict when another part is expected, DomainError when the content is not taken or not as long as it
    should be.
    """
    if file.state is not FileState.ARRIVING or number != file.parts:
        raise Conflict(lazy("Another part of this file is expected."), "file", {"parts": file.parts})
    expected = min(file.part_size, file.size - number * file.part_size)
    if len(content) != expected:
        raise DomainError(lazy("The file has another size than was said. Choose it once more."), "file")
    values: dict[str, object] = {"parts": number + 1, "updated_at": clock.now()}
    if number == 0:
        found = content_of(file.name, content)
        values |= {"media_type": found.media_type, "kind": found.kind, "width": found.width, "height": found.height}
    is_whole = (number + 1) * file.part_size >= file.size
    if is_whole:
        values["state"] = FileState.READY
    storage.write(file.key, number, content)
    kept = update(StoredFile).where(
        StoredFile.id == file.id, StoredFile.parts == number, StoredFile.state == FileState.ARRIVING
    )
    done = db.write(kept.values(**values).execution_options(**IN_PLACE))
    if not done:
        raise Conflict(lazy("Another part of this file is expected."), "file")
    db.session.refresh(file)
    return is_whole


def find_arriving(file_id: int, user_id: int | None) -> StoredFile:
    """A file whose upload this person began and that is not whole yet. Raises NotFound."""
    found = db.session.scalar(
        select(StoredFile).where(
            StoredFile.id == file_id, StoredFile.uploaded_by == user_id, StoredFile.state == FileState.ARRIVING
        )
    )
    if found is None:
        raise NotFound(_OVER)
    return found


def drop(file: StoredFile, storage: Storage) -> None:
    """Let go of a file that was refused, so that it does not count."""
    storage.delete(file.key)
    db.session.delete(file)


def hold_files(which: ColumnElement[bool]) -> set[int]:
    """Keep files from being thrown away until the commit; gives those that are whole and not thrown away already."""
    wanted = select(StoredFile.id).where(StoredFile.state == FileState.READY, which).order_by(StoredFile.id)
    return set(db.session.scalars(wanted.with_for_update(read=True, key_share=True, of=StoredFile)))


def attach(lesson: Lesson, file: StoredFile) -> str:
    """Make a file one of a lesson, which is locked; gives its name there, with a number where the name was taken.

    Raises NotFound for a file that was thrown away meanwhile.
    """
    if not hold_files(StoredFile.id == file.id):
        raise NotFound(_OVER)
    taken = {fold(one.name) for one in list_files(lesson.id)}
    if len(taken) >= MOST_FILES:
        raise Conflict(lazy("A lesson may have %(most)s files. Remove some first.", most=MOST_FILES), "file")
    name = next(one for one in _names(file.name) if fold(one) not in taken)
    db.session.add(LessonAttachment(lesson_id=lesson.id, file_id=file.id, name=name))
    db.session.flush()
    make_html(lesson, [one.ref for one in list_files(lesson.id)])
    return name


def detach(lesson: Lesson, file_id: int) -> str | None:
    """Take a file away from a lesson, which is locked; gives the name that it had there, None when it had none."""
    found = db.session.get(LessonAttachment, (lesson.id, file_id))
    if found is None:
        return None
    db.session.delete(found)
    db.session.flush()
    make_html(lesson, [one.ref for one in list_files(lesson.id)])
    return found.name


def _names(name: str) -> Iterator[str]:
    """A name, and the same with numbers before its ending."""
    yield name
    stem, dot, ending = name.rpartition(".")
    for number in count(2):
        mark = f" ({number})"
        yield f"{stem[: NAME_LIMIT - len(ending) - 10]}{mark}.{ending}" if dot else f"{name[: NAME_LIMIT - 10]}{mark}"
