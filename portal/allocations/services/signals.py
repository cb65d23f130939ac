"""What others may listen to."""

from blinker import Signal

offerings_changed = Signal("Course offerings changed their dates, status, mode or facilitator: sent with `offering_ids`, before the commit.")
