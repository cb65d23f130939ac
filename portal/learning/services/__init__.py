"""Rules and writes of lessons."""

from portal.learning.services.copying import copy_lessons, copy_lessons_of

__all__ = ["copy_lessons", "copy_lessons_of"]
