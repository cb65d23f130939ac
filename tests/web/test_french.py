"""French dates are French, and what comes with the portal has a French name."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale

from portal.catalogue.words import mode_name
from portal.tracker.words import clock_time
from portal.web.locale import date_long, date_short, datetime_long

pytestmark = pytest.mark.in_turn


@pytest.mark.parametrize(
    ("show", "moment", "english", "french"),
    [
        (date_long, date(2026, 11, 23), "Monday 23 November 2026", "lundi 23 novembre 2026"),
        (date_long, date(2026, 12, 1), "Tuesday 1 December 2026", "mardi 1er décembre 2026"),
        (date_short, date(2026, 9, 1), "1 Sep", "1er sept."),
        (date_short, date(2026, 9, 21), "21 Sep", "21 sept."),
        (
            datetime_long,
            datetime(2026, 11, 23, 17, tzinfo=UTC),
            "Monday 23 November 17:00",
            "lundi 23 novembre à 17:00",
        ),
        (
            datetime_long,
            datetime(2026, 12, 1, 17, tzinfo=UTC),
            "Tuesday 1 December 17:00",
            "mardi 1er décembre à 17:00",
        ),
    ],
)
def test_a_date_is_written_as_its_language_writes_it(
    app: Flask, show: Any, moment: Any, english: str, french: str
) -> None:
    with app.test_request_context():
        with force_locale("en"):
            assert show(moment) == english
        with force_locale("fr"):
            assert show(moment) == french


def test_the_day_is_the_one_where_the_reader_is(app: Flask) -> None:
    with app.test_request_context(), force_locale("fr"):
        zone = app.config["PORTAL"].zone
        eve = datetime(2026, 12, 1, 0, 30, tzinfo=zone).astimezone(UTC)
        assert datetime_long(eve) == "mardi 1er décembre à 00:30"


def test_the_modes_that_come_with_the_portal_have_french_names(app: Flask) -> None:
    with app.test_request_context(), force_locale("fr"):
        assert mode_name("Online") == "En ligne"
        assert mode_name("Block weeks") == "Block weeks"


@pytest.mark.parametrize(
    ("ago", "english", "french"),
    [
        (timedelta(hours=3), "12:00", "à 12:00"),
        (timedelta(days=2), "Saturday 15:00", "samedi à 15:00"),
        (timedelta(days=22), "1 November 15:00", "le 1er novembre à 15:00"),
    ],
)
def test_a_past_moment_follows_its_verb(
    app: Flask, frozen_time: Any, ago: timedelta, english: str, french: str
) -> None:
    zone = app.config["PORTAL"].zone
    now = datetime(2026, 11, 23, 15, tzinfo=zone).astimezone(UTC)
    frozen_time.move_to(now)
    with app.test_request_context():
        with force_locale("en"):
            assert clock_time(now - ago) == english
        with force_locale("fr"):
            assert clock_time(now - ago) == french
