"""Which part of the audit an address asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from portal.folding import whole_number
from portal.ops.audit_log.queries import AuditFilter
from portal.paging import Cursor, PageRequest

_LONGEST = {"who": 200, "action": 40, "entity": 40, "request": 64}
_OTHERS = ("actor", "entity_id", "since", "until")


@dataclass(frozen=True, slots=True)
class AuditForm:
    """A filter with the texts of its address; `misunderstood` are those that mean nothing here."""

    wanted: AuditFilter
    page: PageRequest
    texts: Mapping[str, str]
    misunderstood: tuple[str, ...] = ()

    @classmethod
    def from_args(cls, args: Mapping[str, str], zone: ZoneInfo) -> "AuditForm":
        """The filter of an address; days are those of the reader's time zone, both included."""
        texts = {name: _clean(args.get(name, "")) for name in (*_LONGEST, *_OTHERS)}
        since, until = _day(texts["since"]), _day(texts["until"])
        number, actor = whole_number(texts["entity_id"]), whole_number(texts["actor"])
        unread = [
            texts[name]
            for name, value in (("since", since), ("until", until), ("entity_id", number), ("actor", actor))
            if texts[name] and value is None
        ]
        short = {name: texts[name][:most] for name, most in _LONGEST.items()}
        wanted = AuditFilter(
            who=short["who"],
            action=short["action"],
            entity=short["entity"],
            request_id=short["request"],
            entity_id=number,
            actor_id=actor,
            since=_start(since, zone),
            until=_start(until + timedelta(days=1), zone) if until else None,
        )
        page = PageRequest("when", descending=True, cursor=Cursor.decode(args.get("at")))
        return cls(wanted, page, texts, tuple(unread))

    def to_args(self, **changes: Any) -> dict[str, Any]:
        """The shortest parameters that mean this filter; `changes` replace some of them."""
        return {name: str(value) for name, value in (dict(self.texts) | changes).items() if value}


def _clean(text: str) -> str:
    """One line without what no database takes."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:400]).split())


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    # One day and one zone on either side must stay within the calendar.
    return found if date(1970, 1, 1) <= found < date(9999, 1, 1) else None


def _start(day: date | None, zone: ZoneInfo) -> datetime | None:
    return datetime.combine(day, time(), zone) if day else None
