"""The tests' own tools hold what the other tests rely on, and can say no."""

import smtplib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from email.message import EmailMessage
from types import SimpleNamespace
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis
from flask import Flask, render_template_string
from flask.testing import FlaskClient
from playwright.sync_api import Browser, Page
from sqlalchemy import func, select

from portal import clock
from portal.accounts.models import User
from portal.extensions import db
from portal.web.access import public
from tests.support import order, sql
from tests.support.browser import PHONE, LiveServer
from tests.support.stage import Stage
from tests.support.tabs import Tabs
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


_LEAVE = """async () => {
  localStorage.left = sessionStorage.left = window.name = document.cookie = "left=behind";
  history.pushState({}, "", "#left");
  await (await caches.open("left")).put("/left", new Response("behind"));
  await new Promise((done) => { indexedDB.open("left").onsuccess = ({target}) => done(target.result.close()); });
}"""
_LEFT = """async () => [
  Object.keys(localStorage), Object.keys(sessionStorage), window.name, document.cookie, history.length,
  await caches.keys(), (await indexedDB.databases()).map(({name}) => name), innerWidth,
  ["print", "(prefers-color-scheme: dark)", "(prefers-reduced-motion)"].map((media) => matchMedia(media).matches),
]"""


@pytest.mark.browser
def test_a_page_that_was_used_is_as_good_as_a_new_one(
    chromium: Browser, live_server: LiveServer, make_fresh: Maker, browser_sign_in: Any
) -> None:
    options = {"base_url": live_server.url, "viewport": {"width": 700, "height": 500}, "color_scheme": "dark"}
    tabs = Tabs(chromium)
    used = tabs.lend(options)
    used.page.goto("/login")
    new = used.page.evaluate(_LEFT)
    browser_sign_in(used.page, make_fresh.manager())
    used.page.goto("/notifications/")
    used.page.evaluate(_LEAVE)
    used.page.set_viewport_size({"width": 400, "height": 500})
    used.page.emulate_media(media="print", color_scheme="light", reduced_motion="reduce")
    used.page.context.add_cookies([{"name": "left", "value": "behind", "url": "https://elsewhere.example"}])
    used.page.context.new_page()
    used.page.evaluate("console.error('wrong')")
    assert used.page.evaluate(_LEFT) != new
    tabs.take_back(used, keep=True)
    assert used.faults == ["wrong"]
    again = tabs.lend(options)
    assert again is used
    assert again.page.context.pages == [again.page]
    assert again.faults == again.page.context.cookies() == []
    again.page.goto("/notifications/")
    assert again.page.url.endswith("/login?next=/notifications/")
    assert again.page.evaluate(_LEFT) == new
    again.close()


@pytest.mark.browser
def test_a_page_that_was_changed_for_good_serves_no_other_test(chromium: Browser, live_server: LiveServer) -> None:
    deeds: list[Callable[[Page], Any]] = [
        lambda page: page.add_init_script("1"),
        lambda page: page.clock.install(),
        lambda page: page.context.set_offline(True),
        lambda page: page.context.route("**/*", lambda route: route.abort()),
        lambda page: page.on("dialog", lambda dialog: dialog.accept()),
        lambda page: page.close(),
    ]
    options = {"base_url": live_server.url, "viewport": {"width": 700, "height": 500}, "color_scheme": "dark"}
    tabs = Tabs(chromium)
    for deed in deeds:
        tab = tabs.lend(options)
        deed(tab.page)
        tabs.take_back(tab, keep=True)
        assert tabs.lend(options) is not tab


@pytest.mark.one_database
def test_an_application_is_off_the_stage_when_all_is_answered(stage: Stage, fresh_app: Flask) -> None:
    asked, answered = threading.Event(), []

    def answer() -> str:
        asked.set()
        time.sleep(0.2)
        answered.append("late")
        return "late"

    fresh_app.add_url_rule("/late", "late", public(answer))
    ask = threading.Thread(target=lambda: urlopen(f"{stage.url}/late").close())
    with stage.show(fresh_app):
        ask.start()
        assert asked.wait(10)
    assert answered == ["late"]
    ask.join()
    with pytest.raises(HTTPError, match="503") as refused:
        urlopen(f"{stage.url}/late")
    refused.value.close()


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
