"""Processes of the portal that need not load it: one has done so, and makes others of itself.

Each has an environment, a session and pipes of its own, loads `tasks` or `wsgi` by itself, and ends as any other.
"""

import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_LOADED = ("portal", "portal.ops.queue", "huey.consumer_options", "huey.storage", "pymysql", "psycopg",
           "sqlalchemy.dialects.mysql.pymysql", "sqlalchemy.dialects.postgresql.psycopg", "redis")  # fmt: skip


class Forked:
    """One of the processes, as `subprocess.Popen` shows it."""

    def __init__(self, answers: socket.socket, stdout: int, stderr: int) -> None:
        self._answers = answers
        self._lines = answers.makefile()
        self.stdout, self.stderr = os.fdopen(stdout), os.fdopen(stderr)
        self.pid = int(self._lines.readline())
        self.returncode: int | None = None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status once it has ended, negative for a signal; TimeoutError when that takes longer."""
        if self.returncode is None:
            self._answers.settimeout(timeout)
            self.returncode = int(self._lines.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Signal it alone."""
        os.kill(self.pid, number)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self.send_signal(signal.SIGKILL)

    def close(self) -> None:
        """End it with all that it started, if it still runs."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.wait(30)
        for each in (self.stdout, self.stderr, self._lines, self._answers):
            each.close()


class Forks:
    """The process that has loaded the portal."""

    def __init__(self) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        given = [sys.executable, "-m", "tests.support.forks", str(theirs.fileno())]
        self._process = subprocess.Popen(given, cwd=ROOT, pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()

    def start(self, *command: str, environment: Mapping[str, str]) -> Forked:
        """A process that runs a module with arguments, or a program after `-c`."""
        ours, answers = socket.socketpair()
        (out, its_out), (err, its_err) = os.pipe(), os.pipe()
        asked = json.dumps([command, dict(environment)]).encode()
        socket.send_fds(self._control, [asked], [answers.fileno(), its_out, its_err])
        answers.close()
        os.close(its_out)
        os.close(its_err)
        return Forked(ours, out, err)

    def run(self, *command: str, environment: Mapping[str, str]) -> tuple[int, str]:
        """The exit status of such a process, and what it said."""
        process = self.start(*command, environment=environment)
        try:
            said = process.stdout.read()
            if process.wait(90):
                sys.stderr.write(process.stderr.read())
            return process.wait(), said
        finally:
            process.close()

    def close(self) -> None:
        """End it."""
        self._control.close()
        self._process.wait(30)


def _serve(control: socket.socket) -> tuple[list[str], dict[str, str]] | None:
    """Fork for whoever asks. Gives, in what was forked, what to do there; None in the first process at its end."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, given, _flags, _address = socket.recv_fds(control, 65536, 3)
        if not asked:
            return None
        if not os.fork():
            break
        for each in given:
            os.close(each)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    control.close()
    answers, out, err = given
    if child := os.fork():
        os.close(out)
        os.close(err)
        _tell_its_end(child, answers)
    os.setsid()
    os.write(answers, f"{os.getpid()}\n".encode())
    for ours, its in ((out, 1), (err, 2)):
        os.dup2(ours, its)
    for each in given:
        os.close(each)
    command, environment = json.loads(asked)
    return command, environment


def _tell_its_end(child: int, answers: int) -> None:
    _child, status = os.waitpid(child, 0)
    with suppress(OSError):
        os.write(answers, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def main() -> None:
    """Load the portal, then make a process for each that asks."""
    for name in _LOADED:
        __import__(name)
    control: Any = socket.socket(fileno=int(sys.argv[1]))
    if found := _serve(control):
        (first, *arguments), environment = found
        os.environ.clear()
        os.environ.update(environment)
        if first == "-c":
            exec(arguments[0], {"__name__": "__main__"})  # noqa: S102
        else:
            sys.argv = [first, *arguments]
            runpy.run_module(first, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
