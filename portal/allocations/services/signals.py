"""What others may listen to."""

from blinker import Signal

offerings_changed = Signal("""Course offerings changed their dates, status, mode or facilitator.

Sent with `offering_ids` inside the transaction that changes them, after its flush.
""")
