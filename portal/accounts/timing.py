"""Answers that must not tell by their time what they do not say."""

import time

from flask import current_app


def answer_no_sooner_than(began: float) -> None:
    """Wait until `PORTAL_ANSWER_FLOOR` seconds have passed since `began`, a `time.perf_counter()`.

    Whether an address is known, and how old its hash is, makes an answer quicker or slower than
    another; below the floor all of them look the same. Nothing may be open in the database meanwhile.
    """
    left = current_app.config["PORTAL_ANSWER_FLOOR"] - (time.perf_counter() - began)
    if left > 0:
        time.sleep(left)
