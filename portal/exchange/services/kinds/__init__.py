"""The files that we know: their columns, what their rows refer to, and the rules of a whole row."""

from portal.exchange.services.kinds.catalogue import BREAKS, CLASSES, COHORTS, MODULES
from portal.exchange.services.kinds.courses import ENROLMENTS, OFFERINGS
from portal.exchange.services.kinds.kind import Given, Kind
from portal.exchange.services.kinds.people import FACILITATORS, STUDENTS

__all__ = [
    "BREAKS",
    "CLASSES",
    "COHORTS",
    "ENROLMENTS",
    "FACILITATORS",
    "KINDS",
    "MODULES",
    "OFFERINGS",
    "STUDENTS",
    "Given",
    "Kind",
]

# In this order they are checked and written: each refers to earlier ones only.
KINDS = (BREAKS, MODULES, CLASSES, COHORTS, FACILITATORS, STUDENTS, OFFERINGS, ENROLMENTS)
