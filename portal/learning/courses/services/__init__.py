"""Rules and writes of the pages of courses."""

from portal.learning.courses.services.covers import describe_cover, keep_cover, remove_cover
from portal.learning.courses.services.pages import (
    PageDraft,
    archive,
    delete_draft,
    make_open_course,
    publish,
    save_page,
)

__all__ = [
    "PageDraft",
    "archive",
    "delete_draft",
    "describe_cover",
    "keep_cover",
    "make_open_course",
    "publish",
    "remove_cover",
    "save_page",
]
