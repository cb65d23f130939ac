"""What features hear of a week's life, within the transaction of the change itself."""

from blinker import Signal

# Sent with the `Log` as it was handed in.
week_submitted = Signal()
# Sent with `log_ids` when a leave that excused these weeks is taken back.
weeks_owed_again = Signal()
