"""What others may listen to."""

from blinker import Signal

offerings_changed = Signal("""Course offerings changed their dates, status, mode or facilitator.

Sent with `offering_ids` inside the transaction that changes them, after its flush.
""")

offerings_leaving = Signal("""Course offerings are about to be deleted.

Sent with `offering_ids` inside the transaction. A receiver deletes what has no meaning without them and nobody
worked on, and gives the ids of those that must stay.
""")

offering_ending = Signal("""Somebody asks what it means to cancel, complete or bring back a course.

Sent with `offering_id` and `status`, which it would get; nothing is written. A receiver gives sentences.
""")
