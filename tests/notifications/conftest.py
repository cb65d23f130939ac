"""Someone who owes weekly logs."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.mail import DEADLINE


@pytest.fixture
def owing(make: Any, frozen_time: Any) -> Any:
    """A facilitator who owes weeks 1 and 2; week 3 is due in a day."""
    frozen_time.move_to(DEADLINE - timedelta(days=1))
    facilitator = make.facilitator(first_name="Ada", last_name="Okafor", password="a-quiet-harbour-7")
    offering = make.offering(facilitator, weeks_ago=2)
    for week in (1, 2, 3):
        make.log(offering, week)
    return facilitator
