"""`script/server`: one command that starts everything, and one key that stops it."""

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.portal_process import ROOT, environment, free_port, seconds_until_live, start_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def start(port: int, tmp_path: Path) -> Iterator[Start]:
    """Starts the script from another folder, with a data folder of its own."""
    started: list[subprocess.Popen[str]] = []

    def do(**settings: str) -> subprocess.Popen[str]:
        started.append(start_server(tmp_path, environment(tmp_path, port, **settings)))
        return started[-1]

    yield do
    for process in started:
        process.terminate()
        process.communicate(timeout=30)


def wait_until_live(process: subprocess.Popen[str], port: int) -> float:
    """Seconds until the portal answers."""
    if seconds := seconds_until_live(process, port):
        return seconds
    pytest.fail(f"the portal did not answer: {process.communicate(timeout=30)[0]}")


def children(process: subprocess.Popen[str]) -> list[int]:
    """The processes that the script started and runs."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [one for one in found if stat(one)[1:2] == [str(process.pid)]]


def is_gone(process_id: int) -> bool:
    return stat(process_id)[:1] in ([], ["Z"])


def stat(process_id: int) -> list[str]:
    """State, parent and more of a process; nothing when it is gone."""
    try:
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def seconds_to_import() -> float:
    """How long the application takes to import while the machine is as busy as it is now."""
    began = time.monotonic()
    subprocess.run([ROOT / ".venv" / "bin" / "python", "-c", "import wsgi"], cwd=ROOT, check=True)
    return time.monotonic() - began


def command_of(process_id: int) -> str:
    """The command line of a process; empty when it has ended meanwhile."""
    try:
        return Path(f"/proc/{process_id}/cmdline").read_text()
    except OSError:
        return ""


def test_it_starts_and_stops_cleanly_starts_again_quickly_and_ends_when_one_process_dies(
    start: Start, port: int
) -> None:
    # One story, because a first start prepares a database and loads the demo: more work than all that is asked here.
    wait_until_live(first := start(), port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/login") as page:
        assert page.status == 200
    time.sleep(1)
    running = children(first)
    first.send_signal(signal.SIGINT)
    said, _ = first.communicate(timeout=30)
    assert first.returncode == 0
    assert_logins_are_told(said, port)
    assert len(running) >= 2
    assert all(is_gone(child) for child in running)
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
    took = wait_until_live(second := start(), port)
    # Beside other tests everything takes longer: then it may cost four imports, which in quiet are under five seconds.
    assert took < 5 or took < 4 * seconds_to_import()
    assert_it_stops_when_its_worker_dies(second)


def assert_logins_are_told(said: str, port: int) -> None:
    assert f"http://127.0.0.1:{port}" in said
    for role in ("admin", "manager", "facilitator", "student"):
        assert said.count(f"{role}@demo.example.org") == 1
    assert "demo-pass-2026" in said


def assert_it_stops_when_its_worker_dies(process: subprocess.Popen[str]) -> None:
    while not (workers := [child for child in children(process) if "huey" in command_of(child)]):
        time.sleep(0.05)
    worker, running = workers[0], children(process)
    os.kill(worker, signal.SIGKILL)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "worker ended by itself" in said
    assert all(is_gone(child) for child in running)


def test_a_taken_port_is_one_clear_line(start: Start, port: int) -> None:
    with socket.create_server(("127.0.0.1", port)):
        process = start()
        said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.strip().splitlines() == [
        f"Port {port} is in use already. Stop what runs there, or choose another: PORT=8001 script/server"
    ]


def test_a_wrong_setting_stops_the_start_and_is_named(start: Start) -> None:
    process = start(PORTAL_TIME_ZONE="Mars/Olympus")
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "PORTAL_TIME_ZONE" in said
    assert "Traceback" not in said
