"""Two people at one form: whose value stands in each field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clash:
    """A field that two people changed: what it was, what somebody else made of it, and what was typed here."""

    name: str
    was: str
    theirs: str
    mine: str


@dataclass(frozen=True, slots=True)
class Merged:
    """The values of a form brought together; `clashes` are for a person to decide, `others` somebody else changed."""

    values: Mapping[str, str]
    clashes: Sequence[Clash]
    others: Sequence[str]


def merge_fields(
    typed: Mapping[str, str], was: Mapping[str, str], now: Mapping[str, str], takes: Mapping[str, str]
) -> Merged:
    """Bring together what was typed, what the form showed when it was opened, and how things stand now.

    What only one of both changed stands as they made it. `takes` answers earlier clashes: "mine" or "theirs" by name.
    """
    values, clashes, others = dict(typed), [], []
    for name, present in now.items():
        theirs_changed, mine_changed = present != was[name], typed[name] != was[name]
        if takes.get(name) == "theirs" or (theirs_changed and not mine_changed):
            values[name] = present
        elif theirs_changed and typed[name] != present and takes.get(name) != "mine":
            clashes.append(Clash(name, was[name], present, typed[name]))
        if theirs_changed:
            others.append(name)
    return Merged(values, clashes, others)
