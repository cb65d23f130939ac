"""Static files: names that change with their content, kept for good, compressed beforehand, and small in all."""

import gzip
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import brotli
import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.web.assets import Assets, build
from tests.support.databases import build_app

pytestmark = pytest.mark.one_database
ADDRESS = re.compile(r'(?:href|src)="(/static/[^"#]+)')
# ui.md, 4: kilobytes over the wire on a first visit without the font, and on the next.
FIRST, NEXT = 90_000, 20_000
# What a phone asks for over six connections, on two pages.
FILES = 20
# A student at the end of a course may see the portal for the first time, on a phone.
REFLECTION = 60_000


@pytest.fixture(scope="module")
def built(tmp_path_factory: Any) -> Flask:
    """An application whose static files were built before it started."""
    folder = tmp_path_factory.mktemp("built")
    build(build_app("sqlite://", folder))
    return build_app("sqlite://", folder)


def address_of(app: Flask, name: str) -> str:
    with app.test_request_context():
        return str(app.jinja_env.globals["static_url"](name))


def get(client: FlaskClient, address: str, encoding: str = "br") -> Any:
    answer = client.get(address, headers={"Accept-Encoding": encoding})
    answer.get_data()
    answer.close()
    return answer


@pytest.mark.parametrize("kind", ["built", "bare_app"])
def test_a_file_is_asked_for_under_its_hash_and_kept_for_good(kind: str, request: Any) -> None:
    app: Flask = request.getfixturevalue(kind)
    answer = get(app.test_client(), address := address_of(app, "css/tokens.css"), "identity")
    assert re.fullmatch(r"/static/css/tokens\.[0-9a-f]{10}\.css", address)
    assert (answer.status_code, answer.mimetype) == (200, "text/css")
    assert {"immutable", "public"} <= set(re.split(r"[ ,]+", answer.headers["Cache-Control"]))
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    named = re.findall(r'url\("([^":]+)"\)', answer.text)
    assert named
    for other in named:  # fonts are asked for under their hash too
        found = get(app.test_client(), urljoin(address, other))
        assert "immutable" in found.headers["Cache-Control"], other


def test_what_was_built_is_compressed_beforehand(built: Flask) -> None:
    client, address = built.test_client(), address_of(built, "vendor/pico.min.css")
    plain = get(client, address, "identity").data
    small, zipped = get(client, address), get(client, address, "gzip")
    assert (small.headers["Content-Encoding"], zipped.headers["Content-Encoding"]) == ("br", "gzip")
    assert brotli.decompress(small.data) == gzip.decompress(zipped.data) == plain
    assert len(small.data) < len(plain) / 5
    assert small.headers["Vary"] == "Accept-Encoding"
    assert "Set-Cookie" not in small.headers
    assert client.post(address).status_code == 405


def test_a_second_build_writes_nothing_and_keeps_what_open_pages_ask_for(built: Flask) -> None:
    folder = built.config["PORTAL"].static_folder()
    (folder / "css" / "tokens.0123456789.css").write_text("")
    before = {path: path.read_bytes() for path in folder.rglob("*.*")}
    assert build(built) > 50
    assert {path: path.read_bytes() for path in folder.rglob("*.*")} == before


def test_a_changed_file_has_another_name_at_once_while_developing(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("a {}")
    watched, kept = Assets(tmp_path, watched=True), Assets(tmp_path, watched=False)
    before = watched.name_of("a.css"), kept.name_of("a.css")
    (tmp_path / "a.css").write_text("a { color: red }")
    assert watched.name_of("a.css") != before[0] == before[1] == kept.name_of("a.css")


def test_a_style_sheet_is_sent_with_those_that_it_imports(tmp_path: Path) -> None:
    for name, text in {
        "css/all.css": '@layer a;\n@import url("../vendor/a.css") layer(a);\n@import url("parts/b.css");\n',
        "css/parts/b.css": 'b { mask: url("../../img/b.svg") }',
        "vendor/a.css": '@charset "UTF-8";a { background: url("data:,") }',
        "img/b.svg": "<svg/>",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assets = Assets(tmp_path, watched=True)
    picture = assets.name_of("img/b.svg")
    assert assets.content_of("css/all.css").decode() == (
        f'@layer a;\n@layer a {{a {{ background: url("data:,") }}}}\nb {{ mask: url("../{picture}") }}\n'
    )
    before = assets.name_of("css/all.css")
    (tmp_path / "css/parts/b.css").write_text("b {}")
    assert assets.name_of("css/all.css") != before


def test_every_component_is_in_the_sheet_of_all_pages(bare_app: Flask) -> None:
    folder = Path(bare_app.static_folder or "") / "css"
    sent = get(bare_app.test_client(), address_of(bare_app, "css/portal.css"), "identity").text
    assert "@import" not in sent
    for part in [*folder.glob("components/*.css"), *map(folder.joinpath, ["tokens.css", "layout.css", "pages.css"])]:
        assert part.read_text().splitlines()[-3] in sent, part.name


@pytest.mark.parametrize("name", ["nothing.css", "nothing.0123456789.css", "../config.py", "css/tokens.0123456789.js"])
def test_what_is_not_there_is_not_found(built: Flask, name: str) -> None:
    assert built.test_client().get(f"/static/{name}").status_code == 404


def weight(built: Flask, page: str, seen: set[str]) -> int:
    """Bytes over the wire of all files that a page asks for, without fonts."""
    client = built.test_client()
    asked = set(ADDRESS.findall(page))
    for words in re.findall(r'<script type="importmap"[^>]*>(.*?)</script>', page, re.DOTALL):
        asked |= set(json.loads(words)["imports"].values())
    wanted = {one for one in asked if not one.endswith(".woff2")} - seen
    seen |= wanted
    answers = {one: get(client, one) for one in wanted}
    assert {one for one, answer in answers.items() if answer.status_code != 200} == set()
    assert all(re.search(r"\.[0-9a-f]{10}\.", one) for one in wanted), "each under its hash"
    return sum(len(answer.data) for answer in answers.values())


def test_a_first_visit_and_the_next_stay_within_their_budgets(
    built: Flask, app: Flask, make: Any, sign_in: Any, new_client: Any
) -> None:
    facilitator, manager, student = make.facilitator(), make.manager(), make.student()
    offerings = [make.offering(facilitator=facilitator) for _ in range(12)]
    make.enrolment(offering=offerings[0], student=student)
    for person, first, further in (
        (None, "/login", "/register"),
        (facilitator, "/tracker/", "/courses/"),
        (manager, "/allocations/", "/compliance/"),
        (student, "/courses/", "/notifications/"),
    ):
        client = new_client()
        sign_in(client, person)
        seen: set[str] = set()
        spent = []
        for address in (first, first, further):
            page = get(client, address)
            assert page.status_code == 200, address
            spent.append(len(page.data) + weight(built, brotli.decompress(page.data).decode(), seen))
        assert len(seen) <= FILES, sorted(seen)
        assert spent[0] <= FIRST, (first, spent)
        assert max(spent[1:]) <= NEXT, (further, spent)


def test_the_page_of_a_reflection_weighs_little(built: Flask, make: Any, sign_in: Any, new_client: Any) -> None:
    student, offering = make.student(), make.offering(facilitator=make.facilitator())
    make.enrolment(offering=offering, student=student)
    client = new_client()
    sign_in(client, student)
    page = get(client, f"/reflections/{make.round(offering).id}")
    assert page.status_code == 200
    assert len(page.data) + weight(built, brotli.decompress(page.data).decode(), set()) <= REFLECTION
