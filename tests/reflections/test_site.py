"""The students' page on a static host: what is written, whom the portal lets in, and nothing lost on the way."""

import http.server
import re
import threading
from functools import partial

import pytest
from playwright.sync_api import expect

from tests.reflections.support import stored
from tests.support.people import PASSWORD

HOST = "https://institution.github.io"
FIRST, SECOND, THIRD = "#answer-question1", "#answer-question2", "#answer-question3"


@pytest.fixture
def export(app, tmp_path):
    """Runs `flask reflections export`."""

    def do(*arguments, to=app):
        folder = tmp_path / "site"
        return folder, to.test_cli_runner().invoke(args=["reflections", "export", str(folder), *arguments])

    return do


def allow(app, *origins):
    before = app.config["PORTAL"]
    app.config["PORTAL"] = before.model_copy(update={"reflection_origins": ",".join(origins)})


@pytest.fixture
def restored(app):
    before = app.config["PORTAL"]
    yield
    app.config["PORTAL"] = before


@pytest.mark.one_database
def test_the_files_stand_alone(export):
    folder, result = export("--portal", "https://teaching.example.org/")
    assert result.exit_code == 0, result.output
    assert "REFLECTION_ORIGINS" in result.output
    index = (folder / "index.html").read_text()
    assert "connect-src 'self' https://teaching.example.org;" in index
    assert "Qui lira ceci" in index
    for text in (path.read_text() for path in folder.rglob("*") if path.suffix in {".html", ".css", ".js"}):
        assert not re.search(r"""(?:src|href|url\(|from)\s*=?\s*["'(]\s*/""", text), "only addresses beside it"
    style, worker = (folder / "style.css").read_text(), (folder / "worker.js").read_text()
    fonts = re.findall(r'url\("([^"]+\.woff2)"', style)
    assert len(fonts) == 2
    assert all((folder / name).is_file() for name in fonts)
    for path in (one for one in folder.rglob("*") if one.is_file() and one.name != "worker.js"):
        assert f'"{path.relative_to(folder)}"' in worker
    # The next export of the same is the same, and leaves what else lies there.
    (folder / "CNAME").write_text("reflections.example.org")
    before = worker
    export("--portal", "https://teaching.example.org")
    assert (folder / "worker.js").read_text() == before
    assert (folder / "CNAME").is_file()


@pytest.mark.one_database
@pytest.mark.parametrize("address", ["teaching.example.org", "ftp://x.org", "https://x.org/?a=1"])
def test_a_wrong_address_is_said(export, address):
    folder, result = export("--portal", address)
    assert result.exit_code == 1
    assert "such as https://" in result.output
    assert not folder.exists()


@pytest.mark.one_database
def test_a_folder_that_cannot_be_written_is_said(app, tmp_path):
    (tmp_path / "file").write_text("x")
    result = app.test_cli_runner().invoke(args=["reflections", "export", str(tmp_path / "file")])
    assert result.exit_code == 1
    assert "Cannot write into" in result.output


@pytest.mark.one_database
@pytest.mark.usefixtures("restored")
def test_its_origin_may_do_what_the_page_does_and_nothing_else(app, client):
    def asks(path, method, origin=HOST):
        headers = {"Origin": origin, "Access-Control-Request-Method": method}
        return client.options(f"/api{path}", headers=headers).headers.get("Access-Control-Allow-Origin")

    assert asks("/reflections", "POST") is None
    allow(app, HOST)
    for path, method in (
        ("/auth/login", "POST"), ("/auth/logout", "POST"), ("/reflections/form", "GET"), ("/reflections", "POST"),
    ):  # fmt: skip
        assert asks(path, method) == HOST
        assert asks(path, method, "https://other.example.org") is None
    for path, method in (
        ("/auth/register", "POST"), ("/auth/me", "GET"), ("/reflections/results", "GET"), ("/reflections", "DELETE"),
        ("/modules", "GET"), ("/auth/refresh", "POST"),
    ):  # fmt: skip
        assert asks(path, method) is None, path
    answer = client.get("/api/reflections/results", headers={"Origin": HOST})
    assert "Access-Control-Allow-Origin" not in answer.headers
    answer = client.post("/api/auth/login", json={"email": "x@example.org", "password": "y"}, headers={"Origin": HOST})
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (401, HOST)
    assert "Access-Control-Allow-Credentials" not in answer.headers


# --- in a browser


@pytest.fixture
def scene(make_fresh, fresh_app):
    offering = make_fresh.offering(make_fresh.facilitator(), title="Local Food Systems")
    student = make_fresh.student(password=PASSWORD)
    make_fresh.enrolment(offering, student)
    return make_fresh.round(offering), student


@pytest.fixture
def host(export, fresh_app, live_server):
    """A static host with the page, on a port of its own; its address."""
    folder, result = export("--portal", live_server.url, to=fresh_app)
    assert result.exit_code == 0, result.output
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    allow(fresh_app, address)
    yield address
    server.shutdown()
    server.server_close()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_ignored):
        """Say nothing."""


def sign_in(page, student, password=PASSWORD):
    page.locator("#email").fill(student.email)
    page.locator("#password").fill(password)
    page.locator("form button.primary").click()


def reach(page, portal, *, back):
    """Have the browser reach the portal, or not."""
    pattern = f"{portal}/**"
    page.context.unroute(pattern) if back else page.context.route(pattern, lambda route: route.abort())


@pytest.mark.browser
@pytest.mark.slow
def test_written_on_a_static_host_with_the_portal_away_in_the_middle(
    fresh_app, new_page, host, live_server, scene, axe
):
    found, student = scene
    page = new_page(base_url=host)
    page.goto("/")
    assert axe(page) == []
    sign_in(page, student, "not the password")
    expect(page.locator("#door-error")).to_contain_text("password")
    sign_in(page, student)
    expect(page.get_by_text("1 reflection is open.")).to_be_visible()
    page.get_by_role("link", name="Write the reflection on Local Food Systems").click()
    page.get_by_role("button", name="Send my reflection").click()
    expect(page.locator("#answer-question1-error")).to_have_text("Answer at least one question.")
    page.fill(FIRST, "With the portal. ")
    expect(page.locator("#kept")).to_have_text("Saved on this device")
    # The language in the middle of a sentence; nothing typed is lost.
    page.get_by_role("button", name="Français").click()
    expect(page.get_by_role("heading", name="Qui lira ceci")).to_be_visible()
    expect(page.locator(FIRST)).to_have_value("With the portal. ")
    assert page.evaluate("localStorage.getItem('reflection_language')") == "fr"
    assert axe(page) == []
    # The portal is away, and the static host too.
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    reach(page, live_server.url, back=False)
    page.context.set_offline(True)
    page.fill(SECOND, "Without it.")
    context = page.context
    page.close()
    again = context.new_page()
    again.goto(f"{host}/#{found.id}")
    expect(again.locator(FIRST)).to_have_value("With the portal. ")
    expect(again.locator(SECOND)).to_have_value("Without it.")
    again.fill(THIRD, "Still without.")
    again.get_by_role("button", name="Envoyer ma réflexion").click()
    expect(again.locator("#kept")).to_contain_text("Conservée sur cet appareil")
    assert stored(fresh_app, found) == []
    # A tab that was closed has no token any more: it asks, and sends what waited.
    context.set_offline(False)
    reach(again, live_server.url, back=True)
    again.evaluate("dispatchEvent(new Event('online'))")
    dialog = again.get_by_role("dialog")
    dialog.locator("#password").fill(PASSWORD)
    dialog.locator("button.primary").click()
    expect(again.locator("#receipt")).to_be_visible(timeout=15_000)
    said = {"question1": "With the portal.", "question2": "Without it.", "question3": "Still without."}
    assert stored(fresh_app, found) == [said]
    assert again.evaluate("Object.keys(localStorage).filter(k => k.startsWith('reflection:'))") == []


@pytest.mark.browser
@pytest.mark.slow
def test_an_answer_that_got_lost_counts_once_and_an_old_draft_is_offered(
    fresh_app, new_page, host, live_server, make_fresh, scene
):
    found, student = scene
    page = new_page(base_url=host, viewport={"width": 360, "height": 740}, color_scheme="dark")
    page.goto("/")
    old = '{"question1": "An old thought", "timestamp": "2024-01-15T10:30:00.000Z", "language": "en"}'
    page.evaluate("old => localStorage.setItem('reflection_draft', old)", old)
    sign_in(page, student)
    page.get_by_role("link", name="Write the reflection").click()
    page.fill(FIRST, "A new one")
    page.reload()
    page.get_by_role("button", name="Put it into the fields").click()
    expect(page.locator(FIRST)).to_have_value("A new one\n\nAn old thought")
    assert page.evaluate("localStorage.getItem('reflection_draft')") is None
    assert page.evaluate("document.documentElement.scrollWidth <= 360")

    # The portal takes it, and the answer never comes back.
    def lose(route):
        route.fetch()
        route.abort()

    page.route(f"{live_server.url}/api/reflections", lose, times=1)
    page.get_by_role("button", name="Send my reflection").click()
    expect(page.locator("#receipt")).to_be_visible(timeout=15_000)
    assert stored(fresh_app, found) == [{"question1": "A new one\n\nAn old thought"}]
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#email")).to_be_visible()
    assert page.evaluate("Object.keys(localStorage).filter(k => k !== 'reflection_language')") == []


@pytest.mark.browser
@pytest.mark.slow
def test_signing_out_with_words_that_were_not_sent_asks_first(fresh_app, new_page, host, scene):
    _found, student = scene
    page = new_page(base_url=host)
    page.goto("/")
    sign_in(page, student)
    page.get_by_role("link", name="Write the reflection").click()
    page.fill(FIRST, "Not sent")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Stay signed in").click()
    expect(page.locator(FIRST)).to_have_value("Not sent")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign out and delete").click()
    expect(page.locator("#email")).to_be_visible()
    sign_in(page, student)
    page.get_by_role("link", name="Write the reflection").click()
    expect(page.locator(FIRST)).to_have_value("")
