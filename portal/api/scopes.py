"""What a personal token may do: a scope for each group of resources, to read or to write."""

from collections.abc import Mapping

# By the first part of an address below /api.
GROUPS: Mapping[str, str] = {
    "users": "people",
    "facilitators": "people",
    "students": "people",
    "modules": "catalogue",
    "classes": "catalogue",
    "cohorts": "catalogue",
    "modes": "catalogue",
    "departments": "catalogue",
    "course-offerings": "courses",
    "enrolments": "courses",
    "lessons": "lessons",
    "activity-tracker": "logs",
    "reflections": "reflections",
    "notifications": "notifications",
    "webhooks": "webhooks",
}
_READS = frozenset({"GET", "HEAD", "OPTIONS"})
# Below a course that is named, these are resources of their own.
_WITHIN = ("lessons",)


def scope_of(rule: str, method: str) -> str | None:
    """The scope that a token needs for an operation; None where no personal token opens anything (`/auth`).

    `rule` is the whole address, such as "/api/course-offerings/<id:offering_id>/lessons".
    """
    parts = rule.strip("/").split("/")[1:]
    if parts == ["auth", "me"] and method in _READS:
        return "profile:read"
    group = GROUPS.get(next((part for part in _WITHIN if part in parts), parts[0] if parts else ""))
    return f"{group}:{'read' if method in _READS else 'write'}" if group else None
