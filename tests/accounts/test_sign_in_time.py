"""How long the answer to a sign-in takes does not tell whose address it was."""

import time

import pytest

from portal.accounts import passwords
from tests.support.people import PASSWORD


def seconds(client, email, password="a-wrong-password", clock=time.perf_counter) -> float:
    began = clock()
    assert client.post("/login", data={"email": email, "password": password}).status_code == 422
    return clock() - began


def quickest(rounds: list[list[float]]) -> list[float]:
    """Of each try the quickest answer: a busy machine makes answers slower and none quicker."""
    return [min(column) for column in zip(*rounds, strict=True)]


@pytest.mark.timing
@pytest.mark.slow_hashes
def test_how_long_an_answer_takes_tells_nothing(app, client, make):
    """A known address, an unknown one, an old quick hash, and the right password of an account that is off."""
    began = time.perf_counter()
    slow = passwords.hash_password("a-password-of-12-rounds")
    # As 0.5 s are above the quarter that bcrypt takes, however busy this machine is.
    app.config["PORTAL_ANSWER_FLOOR"] = max(0.5, 4 * (time.perf_counter() - began))
    tries = [
        (make.student(password_hash=slow).email, "a-wrong-password"),
        ("nobody@example.org", "a-wrong-password"),
        (make.student(password=PASSWORD).email, "a-wrong-password"),
        (make.student(password=PASSWORD, is_active=False).email, PASSWORD),
    ]
    client.get("/login")
    try:
        taken = quickest([[seconds(client, *one) for one in tries] for _ in range(3)])
    finally:
        app.config["PORTAL_ANSWER_FLOOR"] = 0
    assert max(taken) <= min(taken) * 1.1, taken


@pytest.mark.timing
@pytest.mark.slow_hashes
def test_without_the_floor_an_unknown_address_takes_as_long_as_a_known_one(client, make):
    known = make.student(password_hash=passwords.hash_password("a-password-of-12-rounds")).email
    # By what the processor did: others on this machine count for nothing.
    rounds = [[seconds(client, who, clock=time.process_time) for who in (known, "nobody@example.org")] for _ in "123"]
    first, second = quickest(rounds)
    assert 0.5 < first / second < 2
