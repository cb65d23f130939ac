"""What others may listen to."""

from typing import Any

from blinker import Signal

from portal.scoping import past_departments


class Consequence(Signal):
    """What follows from a deed follows whoever did it, also where the course is theirs to see no longer."""

    def send(self, sender: Any | None = None, /, **facts: Any) -> Any:
        """Have all who listen do their part."""
        with past_departments():
            return super().send(sender, **facts)


offerings_changed = Consequence("""Course offerings changed their dates, status, mode or facilitator.

Sent with `offering_ids` inside the transaction that changes them, after its flush.
""")

offerings_leaving = Signal("""Course offerings are about to be deleted.

Sent with `offering_ids` inside the transaction. A receiver deletes what has no meaning without them and nobody
worked on, and gives the ids of those that must stay.
""")

standings_changed = Consequence("""Course offerings were cancelled, completed or brought back.

Sent with `statuses`, before and after by id, their `versions` since, `by` and the `reason` ("" for none), inside the
transaction, after its flush.
""")

offering_ending = Signal("""Somebody asks what it means to cancel, complete or bring back a course.

Sent with `offering_id` and `status`, which it would get; nothing is written. A receiver gives sentences.
""")

places_changed = Consequence("""Course offerings got another number of places.

Sent with `offering_ids` inside the transaction, after its flush.
""")

offering_planned = Consequence("""Somebody planned a course offering for a cohort.

Sent with `offering_id` and `by` inside the transaction, after its flush; not for what comes from files or is copied
from another term.
""")

offerings_copied = Consequence("""Course offerings were made after others; what students read in them shall come along.

Sent with `pairs`, the ids of the new ones by those of the copied, and `by`, inside the transaction, after its flush.
""")
