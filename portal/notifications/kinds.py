"""What kinds of notification there are. Features above register how theirs read and what a mail says of them.

A feature calls `register(topic, *kinds)` in its `init_app`, and `notify_many(facts)` when something is to be told. Each
kind names its group (`portal.notifications.groups`): what a person may switch off, and whether they may at all, follows
from it. What is not `urgent` goes with the person's one mail of the day.

A notification keeps facts; these functions make words of them, in the language that is in force when
they are called.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.notifications.groups import OTHER

Params = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line under an entry of the inbox: what it is about, and what of it."""

    text: str
    detail: str
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Kind:
    """How the notifications of one kind read together; `state` names their shape in ui/state.html.

    `path` is where a person does something about them, `deed` the words of the button that leads there.
    One that is not `listed` is sent and never stands in the inbox. `group` is what its recipient chooses about. What is
    `urgent` waits for neither morning nor the mail of the day, and goes alone to the account's own address: for links,
    and what an intruder would do.
    """

    name: str
    topic: str
    state: str
    path: str
    deed: Any
    title: Callable[[Sequence[Params]], str]
    lines: Callable[[Sequence[Params]], Sequence[Line]]
    listed: bool = True
    group: str = OTHER
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Topic:
    """What a mail says about one matter, asked at the moment of sending.

    `gather` is given the recipient's user id, the facts that caused the mail, and the moment; it gives
    what its template shows, or None when nothing of these facts holds any more. `template` is a
    path without its ending; it exists as .html and .txt and finds what was gathered as `content`. With an empty one
    nothing is mailed: the kinds of such a topic stand in the inbox alone.
    `address` gives where a mail with this content must go, if that is not the recipient's usual address.
    """

    name: str
    template: str
    subject: Callable[[Any], str]
    gather: Callable[[int, Sequence[Params], datetime], Any | None]
    address: Callable[[Any], str | None] | None = None


_kinds: dict[str, Kind] = {}
_topics: dict[str, Topic] = {}


def register(topic: Topic, *kinds: Kind) -> None:
    """Make kinds and their topic known; doing so again changes nothing."""
    _topics[topic.name] = topic
    _kinds.update((kind.name, kind) for kind in kinds)


def kind_of(name: str) -> Kind | None:
    """The kind of this name; None for one that is no longer known."""
    return _kinds.get(name)


def topic_of(kind: str) -> Topic | None:
    """The topic that speaks for a kind in mails; None when a kind is not mailed or unknown."""
    known = _kinds.get(kind)
    return _topics.get(known.topic) if known else None


def unlisted_kinds() -> list[str]:
    """The names of the kinds that never stand in the inbox."""
    return [kind.name for kind in _kinds.values() if not kind.listed]


def all_kinds() -> Sequence[Kind]:
    """Every kind, in the order in which they were registered."""
    return list(_kinds.values())


def group_of(name: str) -> str:
    """The name of a kind's group."""
    known = _kinds.get(name)
    return known.group if known else OTHER


def is_urgent(name: str) -> bool:
    """Whether a kind waits for nothing."""
    known = _kinds.get(name)
    return known is not None and known.urgent


def is_mailed(name: str) -> bool:
    """Whether there are words for a mail about a kind."""
    topic = topic_of(name)
    return topic is None or bool(topic.template)


def kinds_of_group(name: str) -> list[str]:
    """The names of the kinds of a group that stand in the inbox."""
    return [kind.name for kind in _kinds.values() if kind.listed and kind.group == name]
