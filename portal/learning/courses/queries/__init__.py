"""Reads of courses for their pages."""

from portal.learning.courses.queries.cards import CourseCard, OwnCourse, list_own_courses, list_written_courses
from portal.learning.courses.queries.catalogue import (
    CatalogueFilter,
    joined_by,
    list_departments,
    page_of_catalogue,
)
from portal.learning.courses.queries.course import CourseView, find_course_view
from portal.learning.courses.queries.roster import RosterRow, list_roster, students_meant_by

__all__ = [
    "CatalogueFilter",
    "CourseCard",
    "CourseView",
    "OwnCourse",
    "RosterRow",
    "find_course_view",
    "joined_by",
    "list_departments",
    "list_own_courses",
    "list_roster",
    "list_written_courses",
    "page_of_catalogue",
    "students_meant_by",
]
