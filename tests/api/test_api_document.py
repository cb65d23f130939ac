"""docs/api.md: its examples are run in their order, and its table has every operation."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.people import password_hash

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()
DEMO = "demo-pass-2026"


def examples() -> Iterator[tuple[int, str]]:
    """The status that the page promises, and the command."""
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL):
        whole = block.replace("\\\n", " ")
        found = re.findall(r"^# (\d{3})[^\n]*\n(curl .*?)(?=\n#|\Z)", whole, re.DOTALL | re.MULTILINE)
        yield from ((int(status), command) for status, command in found)


def blocks() -> list[dict]:
    """The answers that the page shows."""
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]


class Shell:
    """Runs `curl` with what this page uses of it."""

    def __init__(self, client) -> None:
        self.client = client
        self.variables = {"PORTAL": "/api", "TOKEN": "", "REFRESH_TOKEN": "", "ID": ""}

    def run(self, command):
        method, headers, body, address = "GET", {}, None, ""
        filled = re.sub(r"\$([A-Z_]+)", lambda name: self.variables[name[1]], command)
        words = iter(shlex.split(filled)[1:])
        for word in words:
            if word == "-X":
                method = next(words)
            elif word == "-H":
                name, _, value = next(words).partition(": ")
                headers[name] = value
            elif word == "-d":
                body = next(words)
            else:
                assert not word.startswith("-"), word
                address = word
        answer = self.client.open(address, method=method, headers=headers, data=body)
        self._keep(answer)
        return answer

    def _keep(self, answer) -> None:
        found = answer.json if answer.data and isinstance(answer.json, dict) else {}
        if answer.status_code < 300 and not ("user" in found and found["user"]["role"] != "admin"):
            self.variables["TOKEN"] = found.get("token") or self.variables["TOKEN"]
            self.variables["REFRESH_TOKEN"] = found.get("refresh_token") or self.variables["REFRESH_TOKEN"]
        if answer.status_code == 201 and "id" in found:
            self.variables["ID"] = str(found["id"])


def test_there_are_examples_for_most_operations():
    assert len(list(examples())) >= 15
    assert len(blocks()) >= 3


@pytest.mark.in_turn
def test_the_examples_do_what_the_page_says(app, make):
    make.admin(email="admin@demo.example.org", password_hash=password_hash(DEMO), first_name="Ada", last_name="Byron")
    make.student(email="student@demo.example.org", password_hash=password_hash(DEMO))
    shell, shown = Shell(app.test_client(use_cookies=False)), blocks()
    for status, command in examples():
        answer = shell.run(command)
        assert answer.status_code == status, (command, answer.text)
        if "/auth/logout" in command:
            # The page goes on as somebody who has signed in again.
            assert shell.run(next(examples())[1]).status_code == 200
        if shown and answer.data and isinstance(answer.json, dict) and list(answer.json) == list(shown[0]):
            example = shown.pop(0)
            assert {name: type(value) for name, value in example.items()} == {
                name: type(value) for name, value in answer.json.items()
            }
            assert answer.json.get("details") == example.get("details")
    assert shown == [], "the page shows an answer that no example gives"
    new = {"email": "admin@demo.example.org", "password": "seven quiet harbours"}
    assert app.test_client().post("/api/auth/login", json=new).status_code == 200


def test_the_table_has_every_operation(bare_app):
    told = set(re.findall(r"^\| `([A-Z]+ /[^`]*)` \|", PAGE, re.MULTILINE))
    there = {
        f"{method} {re.sub(r'<[^>]*>', '{id}', rule.rule.removeprefix('/api'))}"
        for rule in bare_app.url_map.iter_rules()
        if rule.rule.startswith("/api/") and not rule.endpoint.startswith("api_docs.")
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert told == there
