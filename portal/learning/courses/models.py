"""The page of a course, beside what the course itself says of it."""

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from portal.database import Timestamps
from portal.extensions import Model
from portal.learning.models import LongText

ALT_LIMIT = 300
SYLLABUS_LIMIT = 20_000


class CoursePage(Timestamps, Model):
    """What a course's page shows besides title and summary: a syllabus in Markdown, and a picture with its words.

    `text_folded` is what the catalogue's search looks at: the beginning of summary and syllabus.
    """

    __tablename__ = "course_pages"

    offering_id: Mapped[int] = mapped_column(
        ForeignKey("course_offerings.id", onupdate="CASCADE", ondelete="CASCADE"), primary_key=True
    )
    syllabus: Mapped[str] = mapped_column(LongText, default="")
    text_folded: Mapped[str] = mapped_column(LongText, default="")
    cover_id: Mapped[int | None] = mapped_column(
        ForeignKey("stored_files.id", onupdate="CASCADE", ondelete="SET NULL"), index=True
    )
    cover_alt: Mapped[str] = mapped_column(String(ALT_LIMIT), default="")
