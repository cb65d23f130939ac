"""The tests' own tools hold what the other tests rely on, and can say no."""

import smtplib
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any

import pytest
import redis
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from playwright.sync_api import Page
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.extensions import db
from portal.web.access import public
from tests.support import order, sql
from tests.support.browser import PHONE, LiveServer
from tests.support.web import NOON, Maker, SmtpSink


def count_users(app: Flask) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(User)) or 0


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_commits_is_gone_afterwards(app: Flask, make: Maker, turn: int) -> None:
    assert count_users(app) == 0
    make.facilitator()
    assert count_users(app) == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_a_committing_database_is_emptied_afterwards(fresh_app: Flask, make_fresh: Maker, turn: int) -> None:
    assert count_users(fresh_app) == 0
    make_fresh.student()
    assert count_users(fresh_app) == 1


@pytest.mark.one_database
@pytest.mark.parametrize("turn", [1, 2, 3])
def test_what_a_test_did_to_its_application_is_undone(fresh_app: Flask, turn: int) -> None:
    folder = fresh_app.config["PORTAL"].portal_data_dir
    assert "TURN" not in fresh_app.config
    assert "turn" not in fresh_app.extensions
    assert "turn" not in fresh_app.view_functions
    assert not (folder / "turn").exists()
    (folder / "turn").touch()
    fresh_app.config["TURN"] = fresh_app.extensions["turn"] = turn
    if turn > 1:
        fresh_app.add_url_rule("/turn", "turn", public(lambda: "my turn"))
        assert fresh_app.test_client().get("/turn").text == "my turn"


def test_a_second_application_is_another_one(fresh_app: Flask, build_fresh_app: Callable[..., Flask]) -> None:
    assert build_fresh_app() is not fresh_app


def test_a_rollback_undoes_only_what_was_not_committed(app: Flask, make: Maker) -> None:
    make.manager()
    with app.app_context():
        db.session.add(User(email="x@example.org", first_name="X", last_name="Y", role="student"))
        db.session.flush()
        db.session.rollback()
    assert count_users(app) == 1


def test_what_a_migration_put_in_is_there_again(
    build_fresh_app: Callable[..., Flask], committing_database: Any
) -> None:
    app = build_fresh_app()
    for table, rows in committing_database.snapshot:
        with app.app_context():
            assert db.session.scalar(select(func.count()).select_from(table)) == len(rows)


def test_statements_are_counted(app: Flask, count_sql: Callable[[], Any]) -> None:
    with count_sql() as statements:
        count_users(app)
        count_users(app)
    assert len(statements) == 2
    assert "users" in statements.text


@pytest.mark.sql_while_rendering
def test_a_query_in_a_template_is_found(app: Flask) -> None:
    with pytest.raises(AssertionError, match="a template caused SQL"), sql.no_sql_while_rendering(), app.app_context():
        render_template_string("{{ count() }}", count=lambda: db.session.scalar(select(func.count(User.id))))


def test_nobody_is_signed_in_until_they_are(
    client: FlaskClient, new_client: Callable[[], FlaskClient], make: Maker, sign_in: Any
) -> None:
    sign_in(client, make.manager())
    assert client.get("/notifications/").status_code == 200
    assert new_client().get("/notifications/").status_code in {302, 303}
    sign_in(client, None)
    assert client.get("/notifications/").status_code in {302, 303}


def test_time_stands_still(frozen_time: Any) -> None:
    assert clock.now() == NOON
    frozen_time.shift(timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)


def test_the_mail_server_keeps_and_refuses(smtp_sink: SmtpSink) -> None:
    message = EmailMessage()
    message["To"], message["From"], message["Subject"] = "a@example.org", "b@example.org", "été"
    message.set_content("text")
    host, port = smtp_sink.url.removeprefix("smtp://").split(":")
    with smtplib.SMTP(host, int(port)) as server:
        server.send_message(message)
        assert [one["Subject"] for one in smtp_sink.messages] == ["été"]
        smtp_sink.refuse = "550 no"
        with pytest.raises(smtplib.SMTPDataError):
            server.send_message(message)


def test_redis_is_empty(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as server:
        assert server.dbsize() == 0
        server.set("left", "behind")


@pytest.mark.browser
def test_the_accessibility_check_finds_a_fault(page: Page, axe: Callable[[Page], list[str]]) -> None:
    page.set_content("<html lang='en'><title>t</title><main><h1>A</h1><img src='data:,'></main></html>")
    assert any(fault.startswith("image-alt") for fault in axe(page))


@pytest.mark.browser
def test_a_browser_sees_the_live_server(
    live_server: LiveServer, new_page: Callable[..., Page], make_fresh: Maker, browser_sign_in: Any
) -> None:
    page = new_page(**PHONE)
    browser_sign_in(page, make_fresh.manager())
    answer = page.goto("/notifications/")
    assert answer is not None
    assert answer.status == 200
    assert page.url == f"{live_server.url}/notifications/"


def test_planned_logs_are_those_of_the_portal(app: Flask, make: Maker, frozen_time: Any) -> None:
    offering = make.offering(make.facilitator(), weeks=12)
    logs = make.logs(offering)
    assert [log.week_number for log in logs] == list(range(1, 13))
    assert logs[0].due_at == make.log(make.offering(make.facilitator()), week=1).due_at


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_no_process_begins_a_long_test_at_its_end(processes: int) -> None:
    def item(path: str, name: str) -> Any:
        long = "browser" if path.startswith("long") else ""
        return SimpleNamespace(path=path, name=name, get_closest_marker=lambda mark: mark == long)

    sizes = {f"{kind}{at}": 1 + at * 7 % 31 for at in range(20) for kind in ("long", "short", "brief")}
    items = [item(path, f"{path}::{number}") for path, size in sizes.items() for number in range(size)]
    dealt = order.deal(items, processes)
    assert sorted(one.name for one in dealt) == sorted(one.name for one in items)
    size = len(items) // processes
    for number in range(processes):
        share = dealt[number * size : (number + 1) * size]
        begun = [at for at, one in enumerate(share) if one.path.startswith("long")]
        assert len(begun) > len(share) / 4
        assert max(begun) < 0.8 * len(share)
