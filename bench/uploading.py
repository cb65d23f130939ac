"""A file of 500 MB that goes up in parts and comes down again: how much memory that takes beyond what a page does."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from bench.figures import Figure
from bench.pages import client_of
from portal.learning.storage import PART_SIZE
from tests.support.databases import build_app, dispose
from tests.support.learning import make_lesson
from tests.support.people import Person, make_facilitator
from tests.support.teaching import make_offering

SIZE_MB, MEMORY_MB = 500, 50


def measure(database: str, _app: Flask, url: str, folder: Path) -> Iterator[Figure]:
    """In a process of its own, whose memory nobody else has filled."""
    command = [sys.executable, "-m", "bench.uploading", url, str(folder)]
    up, down = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    yield Figure(database, f"{SIZE_MB} MB go up: memory beyond a page's", float(up), "MB", MEMORY_MB)
    yield Figure(database, f"{SIZE_MB} MB come down: memory beyond a page's", float(down), "MB", MEMORY_MB)


def main(url: str, folder: Path) -> None:
    """Send and fetch one; prints what each added to the most memory that the process ever had, in MB."""
    app = build_app(url, folder, upload_limit_mb=2 * SIZE_MB, course_files_limit_mb=4 * SIZE_MB)
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        teacher = make_facilitator()
        lesson = make_lesson(make_offering(teacher))
        base = f"/courses/{lesson.offering_id}/lessons/{lesson.id}"
    warm_up(app, teacher, base)
    before = _peak()
    address = send(app, teacher, base, SIZE_MB)
    sent = _peak()
    fetch(app, teacher, address)
    print(sent - before, _peak() - sent)
    dispose(app)


def warm_up(app: Flask, teacher: Person, base: str) -> None:
    """A page and a small file, so that all that is loaded once is loaded."""
    client_of(app, teacher).get(f"{base}/edit")
    fetch(app, teacher, send(app, teacher, base, 1))


def send(app: Flask, teacher: Person, base: str, size_mb: int) -> str:
    """Send a file part by part; gives its address."""
    client, size = client_of(app, teacher), size_mb << 20
    begun = client.post(f"{base}/uploads", data={"name": f"{size_mb}.txt", "size": size}).get_json()
    line = b"a line of a long text file, without an end\n"
    for number in range(-(-size // PART_SIZE)):
        part = (line * (PART_SIZE // len(line) + 1))[: min(PART_SIZE, size - number * PART_SIZE)]
        answer = client.post(f"{base}/uploads/{begun['id']}/{number}", data=part)
        assert answer.status_code == 200, answer.text
    page = client.get(f"{base}/files").text
    return page.split(f">{size_mb}.txt<")[0].rsplit('href="', 1)[1].split('"')[0]


def fetch(app: Flask, teacher: Person, address: str) -> None:
    """Take a file as it comes, without keeping it."""
    answer = client_of(app, teacher).get(address, buffered=False)
    assert answer.status_code == 200
    for _chunk in answer.response:
        pass
    answer.close()


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
