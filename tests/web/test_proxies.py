"""Behind how many proxies the portal stands is said, not guessed; and what is too large is turned away."""

import pytest

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
