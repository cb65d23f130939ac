"""Files: those of a lesson, and one to be delivered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from portal.extensions import db
from portal.learning.markdown import FileRef, file_address
from portal.learning.models import FileKind, FileState, LessonAttachment, StoredFile
from portal.learning.queries.access import Viewer
from portal.learning.uses import is_open_to


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file of a lesson, under the name that it has there; `size` in bytes."""

    id: int
    name: str
    kind: FileKind
    media_type: str
    size: int
    width: int | None
    height: int | None

    @property
    def address(self) -> str:
        """Where it is found."""
        return file_address(self.id, self.name)

    @property
    def ref(self) -> FileRef:
        """The file as a text refers to it."""
        return FileRef(self.id, self.name, self.kind, self.width, self.height)


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file that is whole, as it is delivered."""

    id: int
    key: str
    name: str
    kind: FileKind
    media_type: str
    size: int
    part_size: int


def list_files(lesson_id: int) -> Sequence[FileRow]:
    """The files of a lesson by name. One statement."""
    rows = db.session.execute(
        select(
            StoredFile.id,
            LessonAttachment.name,
            StoredFile.kind,
            StoredFile.media_type,
            StoredFile.size,
            StoredFile.width,
            StoredFile.height,
        )
        .join(LessonAttachment, LessonAttachment.file_id == StoredFile.id)
        .where(LessonAttachment.lesson_id == lesson_id, StoredFile.state == FileState.READY)
        .order_by(LessonAttachment.name)
    )
    return [FileRow(*row) for row in rows]


def find_file(file_id: int, viewer: Viewer, now: datetime) -> FileFound | None:
    """A file that the person may open, for whatever it is used. One statement."""
    columns = [getattr(StoredFile, name) for name in FileFound.__slots__]
    wanted = select(*columns).where(StoredFile.id == file_id, StoredFile.state == FileState.READY)
    row = db.session.execute(wanted.where(is_open_to(viewer, now))).one_or_none()
    return FileFound(*row) if row else None


def bytes_used(offering_id: int) -> int:
    """How many bytes the files of a course have together. One statement."""
    wanted = select(func.coalesce(func.sum(StoredFile.size), 0)).where(StoredFile.offering_id == offering_id)
    return int(db.session.scalar(wanted) or 0)
