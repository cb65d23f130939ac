"""The import of a whole term, as a process of its own: seconds, and the most memory it ever held."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import time_machine

from bench.figures import Figure
from tests.support.term import real_term_dir

# A Wednesday in the eighth week of the term: seven weeks are over, and nobody has submitted anything.
MOMENT = "2026-10-14T12:00:00+00:00"
SECONDS = {"sqlite": 30, "mariadb": 60, "postgresql": 60}
MEGABYTES = 400


def measure(database: str, url: str, folder: Path) -> Iterator[Figure]:
    """Import the term into a migrated database."""
    environment = os.environ | {
        "DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(folder),
        "SECRET_KEY": "only-for-measuring-0123456789-abcdef",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.importing", str(real_term_dir())]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise SystemExit(f"the import failed:\n{said}")
    yield Figure(database, "import of the term", seconds, "s", SECONDS[database])
    yield Figure(database, "import: peak memory", used.ru_maxrss / 1024, "MB", MEGABYTES)


def main() -> None:
    """Run the import command, at a moment within the term whatever the day is."""
    from portal import create_app

    with time_machine.travel(MOMENT, tick=True):
        app = create_app()
        app.cli.main(["exchange", "import", sys.argv[1], "--skip-errors"], obj=_script_info(app))


def _script_info(app: object) -> object:
    from flask.cli import ScriptInfo

    return ScriptInfo(create_app=lambda: app)


if __name__ == "__main__":
    main()
