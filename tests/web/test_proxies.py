"""Behind how many proxies the portal stands is said, not guessed; and what is too large is turned away."""

from io import BytesIO

import pytest

pytestmark = pytest.mark.one_database

FORGED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "Forwarded": "for=203.0.113.9;proto=https;host=evil.example",
}


def show_request(app):
    """A view that says how the portal sees a request."""
    from flask import request

    from portal.web.access import public

    app.add_url_rule("/seen", "seen", public(lambda: f"{request.remote_addr} {request.scheme} {request.host}"))
    return app.test_client()


def test_without_proxies_nobody_is_believed(build_fresh_app):
    client = show_request(build_fresh_app(trusted_proxies=0))
    answer = client.get("/seen", headers=FORGED)
    assert answer.text == "127.0.0.1 http localhost"
    assert "Strict-Transport-Security" not in answer.headers


def test_behind_one_proxy_only_its_own_word_counts(build_fresh_app):
    client = show_request(build_fresh_app(trusted_proxies=1))
    headers = FORGED | {"X-Forwarded-For": "198.51.100.1, 203.0.113.9", "X-Forwarded-Host": "portal.example"}
    answer = client.get("/seen", headers=headers)
    assert answer.text == "203.0.113.9 https portal.example"
    assert "Strict-Transport-Security" in answer.headers


def test_a_forged_address_gives_nobody_new_attempts(build_fresh_app, make_fresh):
    app = build_fresh_app(ratelimit_enabled=True, ratelimit_auth="3 per minute")
    app.config["WTF_CSRF_ENABLED"] = False
    person, client = make_fresh.student(), app.test_client()
    answers = [
        client.post(
            "/login",
            data={"email": person.email, "password": "a-wrong-password"},
            headers={"X-Forwarded-For": f"203.0.113.{n}"},
        ).status_code
        for n in range(4)
    ]
    assert answers == [422, 422, 422, 429]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost:1/@evil.example"])
def test_a_forged_host_stands_in_no_redirect(client, host):
    answer = client.get("/courses/", headers={"Host": host})
    assert "evil" not in answer.headers.get("Location", "")


@pytest.fixture
def in_production(build_fresh_app):
    secrets = {"secret_key": "s" * 40, "jwt_secret": "j" * 40}
    return lambda **more: build_fresh_app(portal_env="production", **(secrets | more)).test_client()


@pytest.mark.parametrize("host", ["portal.example", "Portal.Example:8443", "127.0.0.1:8000", "localhost", "[::1]:80"])
def test_in_production_the_portal_answers_to_its_own_names(in_production, host):
    client = in_production(public_url="https://portal.example/")
    assert client.get("/login", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "portal.example.evil.example", "evil.example:80", "portal.example@evil.example", "[::1", "a"],
)
def test_in_production_it_answers_to_no_other(in_production, host):
    client = in_production(public_url="https://portal.example/")
    answer = client.get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "Open https://portal.example." in answer.text
    assert "evil" not in answer.text
    assert client.get("/health/live", headers={"Host": host}).status_code == 200


def test_who_watches_asks_each_process_by_its_number(in_production):
    """Prometheus in a cluster knows a process by its number, as a balancer does; figures have a token of their own."""
    client = in_production(public_url="https://portal.example", metrics_token="of-the-watchdog")
    by_number = {"Host": "10.1.2.3:8000"}
    assert client.get("/health", headers=by_number).status_code == 200
    assert client.get("/metrics", headers=by_number).status_code == 401
    assert client.get("/metrics", headers=by_number | {"Authorization": "Bearer of-the-watchdog"}).status_code == 200
    assert client.get("/login", headers=by_number).status_code == 400


def test_a_forged_forwarded_host_is_looked_at_only_behind_a_proxy(in_production):
    forged = {"Host": "portal.example", "X-Forwarded-Host": "evil.example"}
    direct = in_production(public_url="https://portal.example")
    assert direct.get("/login", headers=forged).status_code == 200
    behind = in_production(public_url="https://portal.example", trusted_proxies=1)
    assert behind.get("/login", headers=forged).status_code == 400


def test_without_a_public_address_any_name_will_do(in_production):
    assert in_production().get("/login", headers={"Host": "anything.example"}).status_code == 200


def test_a_body_that_is_too_large_is_turned_away(client):
    answer = client.post("/login", data={"email": "a" * (2 * 1024 * 1024 + 1)})
    assert answer.status_code == 413
    assert "<html" in answer.text


def multipart(client, parts):
    body = "".join(f"--x\r\nContent-Disposition: form-data; {part}\r\n" for part in parts) + "--x--\r\n"
    return client.post("/login", data=body, content_type="multipart/form-data; boundary=x")


def test_so_is_a_file_that_is_too_large(client):
    content = "x" * (2 * 1024 * 1024 + 1)
    assert multipart(client, [f'name="email"; filename="a.txt"\r\n\r\n{content}']).status_code == 413


def test_so_are_too_many_fields(client):
    assert multipart(client, [f'name="f{n}"\r\n\r\n1' for n in range(1001)]).status_code == 413


def test_htmx_and_the_api_are_told_of_too_large_bodies_in_their_own_way(client):
    body = "a" * (2 * 1024 * 1024 + 1)
    part = client.post("/login", data={"email": body}, headers={"HX-Request": "true"})
    assert part.status_code == 413
    program = client.post("/api/auth/login", data=f'"{body}"', content_type="application/json")
    assert (program.status_code, program.mimetype) == (413, "application/json")
    assert "error" in program.json


def test_a_body_of_unknown_length_is_read_only_so_far(client):
    """As servers hand over what comes in chunks: without a length, but with an end."""
    body = BytesIO(b"email=" + b"a" * (3 * 1024 * 1024))
    environ = {"wsgi.input_terminated": True, "CONTENT_TYPE": "application/x-www-form-urlencoded"}
    chunked = {"Transfer-Encoding": "chunked"}
    answer = client.post("/login", input_stream=body, headers=chunked, environ_overrides=environ)
    assert answer.status_code == 422  # cut off there, a form lacks what comes after
    assert body.tell() <= 2 * 1024 * 1024 + 65536


@pytest.mark.parametrize(
    ("method", "path", "size", "status"),
    [("POST", "/api/modules", 60_000, 401), ("POST", "/api/users/1", 60_000, 405), ("POST", "/nothing", 60_000, 404),
     ("POST", "/api/auth/login", 3_000_000, 413), ("POST", "/login", 3_000_000, 413)],
)  # fmt: skip
def test_what_nobody_wants_of_a_body_is_read_so_that_the_connection_can_go_on(client, method, path, size, status):
    body = BytesIO(b"x" * size + b"GET /next")
    environ = {"CONTENT_LENGTH": str(size), "CONTENT_TYPE": "application/json"}
    answer = client.open(path, method=method, input_stream=body, environ_overrides=environ)
    assert answer.status_code == status
    assert body.tell() == size


def test_who_asks_first_whether_a_body_is_wanted_is_told_no(client):
    """To begin to read makes the server send "100 Continue", and wait for all of what is refused."""
    body = BytesIO(b"x" * 60_000)
    headers = {"Expect": "100-continue", "Content-Type": "application/json"}
    assert client.post("/api/modules", input_stream=body, headers=headers).status_code == 401
    assert body.tell() == 0


def test_a_body_beyond_all_measure_is_not_waited_for(client):
    body = BytesIO(b"x" * 5_000_000)
    answer = client.post("/login", input_stream=body, content_type="application/json", content_length=5_000_000)
    assert answer.status_code == 413
    assert body.tell() == 0


def test_a_form_of_nothing_but_fields_is_turned_away_unparsed(client):
    form = "application/x-www-form-urlencoded"
    assert client.post("/login", data=b"a&" * 300_000, content_type=form).status_code == 413
    assert client.post("/login", data=b"a=" + b"x" * 500_000, content_type=form).status_code != 413
