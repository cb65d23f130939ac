"""The bar while an import runs: on a terminal, and nowhere else."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from tests.support.databases import Database

# Whether there is a bar is decided by where the report goes.
pytestmark = pytest.mark.in_turn

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def command(fresh_app: Flask, committing_database: Database, small_term: Path) -> tuple[list[str], dict[str, str]]:
    """The import as a process of its own, with its environment."""
    folder = fresh_app.config["PORTAL"].portal_data_dir
    environment = os.environ | {
        "DATABASE_URL": committing_database.url,
        "PORTAL_DATA_DIR": str(folder),
        "SECRET_KEY": "only-for-tests-0123456789-abcdefghij",
    }
    return [sys.executable, "-m", "flask", "--app", "wsgi", "exchange", "import", str(small_term)], environment


def test_a_terminal_shows_how_far_the_import_has_come(command: tuple[list[str], dict[str, str]]) -> None:
    ours, theirs = pty.openpty()
    done = subprocess.run(command[0], cwd=ROOT, env=command[1], stdout=subprocess.PIPE, stderr=theirs, check=False)
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    assert done.returncode == 0, shown
    for label, total in ((b"Checking rows", 14), (b"Writing rows", 14), (b"Planning weekly logs", 1)):
        assert label in shown
        assert f"{total}/{total}".encode() in shown


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


def test_a_file_gets_the_report_without_a_bar(app: Flask, small_term: Path) -> None:
    done = app.test_cli_runner().invoke(args=["exchange", "import", str(small_term)])
    assert done.exit_code == 0, done.stderr
    assert "rows were written." in done.stdout
    assert b"\r" not in done.stdout_bytes + done.stderr_bytes
