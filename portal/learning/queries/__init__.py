"""Reads of lessons, of what students have done of them, and of the files that belong to them."""

from portal.learning.queries.access import CourseHead, Viewer, find_course, find_staffed_course
from portal.learning.queries.lessons import LessonTitle, Standing, list_for_staff, list_lessons
from portal.learning.queries.progress import Progress, StudentProgress, progress_of, progress_of_students

__all__ = [
    "CourseHead",
    "LessonTitle",
    "Progress",
    "Standing",
    "StudentProgress",
    "Viewer",
    "find_course",
    "find_staffed_course",
    "list_for_staff",
    "list_lessons",
    "progress_of",
    "progress_of_students",
]
