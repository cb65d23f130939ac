"""A manager at the pages of imports, as a browser without JavaScript."""

import re
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.jobs.running import run_waiting_jobs
from tests.support.term import HEADERS

Files = dict[str, bytes]


MULTIPART = "multipart/form-data; boundary=between"


def multipart(files: Files) -> bytes:
    """A form with files as a browser sends it; the test client would spool a large one to a file that stays open."""
    head = 'Content-Disposition: form-data; name="files"; filename="{}"\r\nContent-Type: text/csv\r\n\r\n'
    parts = [b"--between\r\n" + head.format(name).encode() + content for name, content in files.items()]
    return b"\r\n".join([*parts, b"--between--\r\n"])


class Desk:
    """A manager at the pages of imports."""

    def __init__(self, app: Flask, client: FlaskClient) -> None:
        self.app, self.client = app, client

    def upload(self, files: Files, status: int = 303) -> str:
        """Send files; gives the address to which one is sent on, or the page."""
        answer = self.client.post("/imports/", data=multipart(files), content_type=MULTIPART)
        assert answer.status_code == status, words(answer.text)
        return answer.headers.get("Location") or answer.text

    def fields(self, address: str) -> dict[str, str]:
        """What the form of reading would send as it stands."""
        text = self.client.get(address).text
        found = dict(re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text))
        for name, options in re.findall(r'<select id="[\w-]+" name="([\w-]+)".*?>(.*?)</select>', text, re.DOTALL):
            chosen = re.search(r'<option value="([^"]*)" selected', options)
            found[name] = chosen[1] if chosen else ""
        return found

    def check(self, address: str, **changes: str) -> str:
        """Have the files checked as they are guessed, with these changes; gives the report."""
        fields = self.fields(address) | {"do": "check"} | {name.replace("_", "-", 1): v for name, v in changes.items()}
        answer = self.client.post(address, data=fields)
        assert answer.status_code == 303, words(answer.text)
        self.work()
        return self.report(answer.headers["Location"])

    def report(self, address: str) -> str:
        """The page of a run."""
        answer = self.client.get(address)
        assert answer.status_code == 200, answer.headers
        return answer.text

    def confirm(self, address: str, **fields: str) -> str:
        """Press the button that writes; gives the page afterwards."""
        version = re.search(r'name="version" value="(\d+)"', self.report(address))
        assert version
        answer = self.client.post(f"{address}/confirm", data={"version": version[1], **fields})
        assert answer.status_code == 303
        self.work()
        return self.report(address)

    def work(self) -> None:
        """Let the worker do what waits."""
        with self.app.app_context():
            db.session.rollback()
            run_waiting_jobs()

    def begin(self, files: Files) -> str:
        """Upload and check; gives the address of the run."""
        reading = self.upload(files)
        self.check(reading)
        return reading.removesuffix("/reading")


def contents(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def csv_of(kind: str, *rows: tuple[Any, ...]) -> bytes:
    lines = [",".join(HEADERS[kind]), *(",".join(str(cell) for cell in row) for row in rows)]
    return "\n".join(lines).encode()


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())
