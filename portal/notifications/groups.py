"""The groups of kinds of which people may choose whether, and in which way, they are told.

A feature names the group of each kind that it registers. Groups that several features share stand here; one of its own
is registered beside its kinds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.roles import Role

ACCOUNT, REMINDERS, OVERDUE, DECISIONS = "account", "reminders", "overdue", "decisions"
ALLOCATIONS, ATTENDANCE, ALERTS, COMPLIANCE = "allocations", "attendance", "alerts", "compliance"
WISHES = "wishes"
COURSES, REFLECTIONS, WORK, OTHER = "courses", "reflections", "work", "other"

_TEACHING = frozenset({Role.FACILITATOR})
_OFFICE = frozenset({Role.MANAGER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Group:
    """What people choose about: its label and what belongs to it.

    What is `mandatory` cannot be switched off, and `about` says why. It is shown to the `roles` that are told of it.
    """

    name: str
    label: Any
    about: Any
    mandatory: bool = False
    roles: frozenset[Role] = frozenset(Role)


_groups: dict[str, Group] = {}


def register_group(group: Group) -> None:
    """Make a group known; doing so again changes nothing."""
    _groups[group.name] = group


def group_named(name: str) -> Group:
    """The group of this name; an unknown one is part of what else there is."""
    return _groups.get(name) or _groups[OTHER]


def groups_of(roles: frozenset[Role]) -> Sequence[Group]:
    """The groups of which people with these roles are told, in the order in which they were registered."""
    return [group for group in _groups.values() if group.roles & roles]


def optional_groups() -> frozenset[str]:
    """The names of those that may be switched off."""
    return frozenset(group.name for group in _groups.values() if not group.mandatory)


for _group in (
    Group(
        ACCOUNT,
        _l("Your account"),
        _l("Always sent, at once: otherwise nobody would notice a stranger who changes your password."),
        mandatory=True,
    ),
    Group(REMINDERS, _l("Weekly logs that are due"), _l("Before a deadline and on its day."), roles=_TEACHING),
    Group(
        OVERDUE,
        _l("Weekly logs that are missing"),
        _l("Always sent: after this your manager is told. Whoever submits in time gets none."),
        mandatory=True,
        roles=_TEACHING,
    ),
    Group(
        DECISIONS,
        _l("Decisions about your weeks and your leave"),
        _l("Always sent: a decision may change what you owe, and until when."),
        mandatory=True,
        roles=_TEACHING,
    ),
    Group(
        ALLOCATIONS,
        _l("Your courses"),
        _l("A course is given to you or taken from you, its dates change, or it is cancelled."),
        roles=_TEACHING,
    ),
    Group(
        ALERTS,
        _l("Weeks that stay missing"),
        _l("Always sent: somebody has to know. In which stage you are told is set by an administrator."),
        mandatory=True,
        roles=_OFFICE,
    ),
    Group(WISHES, _l("Wishes of facilitators"), _l("Somebody asks to change a week that is submitted."), roles=_OFFICE),
    Group(COMPLIANCE, _l("The week in numbers"), _l("Once a week: who is on time and who is not."), roles=_OFFICE),
    Group(
        ATTENDANCE,
        _l("Low attendance"),
        _l("A student is there too rarely."),
        roles=_TEACHING | {Role.STUDENT},
    ),
    Group(COURSES, _l("Courses and lessons"), _l("Enrolments, and lessons that are published.")),
    Group(
        REFLECTIONS,
        _l("Reflections"),
        _l("A reflection opens or is about to close, or its results are there."),
    ),
    Group(WORK, _l("Long work that you began"), _l("An import or export has ended."), roles=_OFFICE),
    Group(OTHER, _l("Other news"), _l("Whatever does not belong to one of these.")),
):
    register_group(_group)
