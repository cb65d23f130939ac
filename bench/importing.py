"""The import of a whole term, as a process of its own: seconds, and the most memory it ever held."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import time_machine
from flask.cli import ScriptInfo

from bench.figures import Figure
from portal import create_app
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
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"the import failed:\n{done.stdout}{done.stderr}")
    yield Figure(database, "import of the term", seconds, "s", SECONDS[database])
    yield Figure(database, "import: peak memory", float(done.stdout.split()[-1]) / 1024, "MB", MEGABYTES)


def main() -> None:
    """Run the import command, at a moment within the term whatever the day is."""
    with time_machine.travel(MOMENT, tick=True):
        app = create_app()
        obj = ScriptInfo(create_app=lambda: app)
        app.cli.main(["exchange", "import", sys.argv[1], "--skip-errors"], obj=obj, standalone_mode=False)
    # What the kernel keeps of this program alone; `getrusage` would count the parent before it became this one.
    peak = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    print(peak[1] if peak else 0)


if __name__ == "__main__":
    main()
