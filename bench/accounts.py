"""Accounts as people meet them: signing in, the list of people, inviting a whole import, the audit log."""

import time
from collections.abc import Iterator

from flask import Flask
from flask.testing import FlaskClient

from bench.figures import Figure, timed
from bench.pages import client_of
from portal.accounts.queries.directory import PeopleFilter, list_ids
from portal.accounts.services.invitations import invite_people
from portal.audit.services import System
from portal.extensions import db
from portal.roles import Role
from tests.support.people import PASSWORD, make_admin, make_student
from tests.support.sql import count_sql

TIMES = 20
# As the pages' lists; three of the statements of the list count whom each choice would show.
PEOPLE, AUDIT = (6, 80), (8, 80)


def measure(database: str, app: Flask) -> Iterator[Figure]:
    """After the term is imported: its thousands of facilitators wait for their invitations."""
    with app.app_context():
        admin = make_admin(email="bench-admin@example.org")
        student = make_student(email="bench-student@example.org", password=PASSWORD)
    office = client_of(app, admin)
    for name, query in (
        ("all", ""),
        ("not invited", "?state=waiting"),
        ("by name", "?q=an+ma"),
        ("newest", "?sort=newest"),
    ):
        yield from _page(database, office, f"people: {name}", f"/admin/users/{query}", PEOPLE)
    yield from _page(database, office, "people: one person", f"/admin/users/{student.user_id}", None)
    for name, query in (("newest", ""), ("one deed", "?action=create"), ("by a person", "?who=an")):
        yield from _page(database, office, f"audit: {name}", f"/admin/audit/{query}", AUDIT)
    yield from _sign_in(database, app, student.email)
    yield from _invite_all(database, app)


def _page(
    database: str, client: FlaskClient, name: str, address: str, limits: tuple[int, int] | None
) -> Iterator[Figure]:
    most_statements, most_ms = limits or (None, None)
    client.get(address)
    with count_sql() as sql:
        answer = client.get(address)
    yield Figure(database, f"{name}: statements", len(sql) if answer.status_code == 200 else 0, "", most_statements)
    median, high = timed(lambda: client.get(address), times=TIMES)
    yield Figure(database, f"{name}: median", median, "ms", most_ms)
    yield Figure(database, f"{name}: p95", high, "ms")


def _sign_in(database: str, app: Flask, email: str) -> Iterator[Figure]:
    """With the right password; most of the time is bcrypt's."""

    def sign_in() -> None:
        answer = app.test_client().post("/login", data={"email": email, "password": PASSWORD})
        assert answer.status_code == 303, answer.status_code

    sign_in()
    with count_sql() as sql:
        sign_in()
    yield Figure(database, "sign-in: statements", len(sql), "")
    median, _high = timed(sign_in, times=TIMES)
    yield Figure(database, "sign-in: median", median, "ms")


def _invite_all(database: str, app: Flask) -> Iterator[Figure]:
    """Everyone of the import at once, as the button "Invite all that match" does."""
    with app.app_context():
        people = list_ids(PeopleFilter(role=Role.FACILITATOR))
        begin = time.perf_counter()
        with count_sql() as sql:
            sent = invite_people(people, Role.ADMIN, app.config["SECRET_KEY"], System(), renew=True)
        db.session.commit()
        seconds = time.perf_counter() - begin
    yield Figure(database, "inviting all facilitators: people", sent, "")
    yield Figure(database, "inviting all facilitators: statements", len(sql), "")
    yield Figure(database, "inviting all facilitators: time", seconds, "s", 10)
