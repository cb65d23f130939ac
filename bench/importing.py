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


def measure(database: str, url: str, folder: Path, courses: int | None = None) -> Iterator[Figure]:
    """Import the term, or so many courses of it, into a migrated database."""
    term = real_term_dir() if courses is None else _shortened(real_term_dir(), folder / "term", courses)
    environment = os.environ | {
        "DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(folder),
        "SECRET_KEY": "only-for-measuring-0123456789-abcdef",
        "RATELIMIT_ENABLED": "false",
        "LOG_LEVEL": "ERROR",
    }
    begin = time.perf_counter()
    command = [sys.executable, "-m", "bench.importing", str(term)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise SystemExit(f"the import failed:\n{done.stdout}{done.stderr}")
    yield Figure(database, "import of the term", seconds, "s", SECONDS[database])
    yield Figure(database, "import: peak memory", float(done.stdout.split()[-1]) / 1024, "MB", MEGABYTES)


def _shortened(term: Path, folder: Path, courses: int) -> Path:
    """The term with the first so many of its courses."""
    folder.mkdir()
    for name in ("modules", "classes", "cohorts", "facilitators", "offerings"):
        lines = (term / f"{name}.csv").read_text().splitlines(keepends=True)
        (folder / f"{name}.csv").write_text("".join(lines[: courses + 1 if name == "offerings" else None]))
    return folder


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
