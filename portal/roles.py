"""Who someone is to the institution."""

from enum import StrEnum


class Role(StrEnum):
    """What an account may do; a facilitator profile adds the facilitator's places to any role."""

    ADMIN = "admin"
    MANAGER = "manager"
    FACILITATOR = "facilitator"
    STUDENT = "student"
