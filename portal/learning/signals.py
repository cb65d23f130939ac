"""What features hear of lessons, within the transaction of the change itself."""

from blinker import Signal

# Sent with `offering_id` and `enrolment_id` when a student has done a lesson that they had not.
lesson_done = Signal()
