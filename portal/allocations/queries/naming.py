"""What a course is called, for statements that read it together with its module."""

from sqlalchemy import func

from portal.allocations.models import CourseOffering
from portal.catalogue.models import Module

# Its own title, else its module's name; never null.
COURSE_NAME = func.coalesce(CourseOffering.title, Module.name, "")
