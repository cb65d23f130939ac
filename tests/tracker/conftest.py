import pytest


@pytest.fixture
def facilitator(make):
    return make.facilitator()


@pytest.fixture
def offering(make, facilitator):
    """A course in its third week."""
    return make.offering(facilitator)


@pytest.fixture
def week(make, offering):
    """The log of the running week."""
    return make.log(offering, 3)


@pytest.fixture
def owner(client, facilitator, sign_in):
    """The browser of who owes it."""
    sign_in(client, facilitator)
    return client
