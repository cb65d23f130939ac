"""What features hear of a week's life, within the transaction of the change itself."""

from blinker import Signal

# Sent with the `Log` as it was handed in.
week_submitted = Signal()
