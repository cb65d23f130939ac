"""`python -m tests.support.fuzz`: schemathesis at a running portal, every phase, a minute for each role and database.

Each run has a portal of its own: two workers of the default web server over a fresh database with the demo institution.
Ends with status 1 when an answer was a fault of ours, had a status or a shape that the document does not name, or let
through what it forbids.
"""

import argparse
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support import demo, servers
from tests.support.databases import build_app, dispose, migrate
from tests.support.portal_process import ask, serving

ROLES = ("admin", "manager", "facilitator", "student", "stranger")
PASSWORD = "demo-pass-2026"
# What ends the token of the run, and what needs none: a stranger tries those.
WITHOUT_TOKEN = r"^/auth/(login|logout|register|refresh|forgot-password|reset-password)$"
# A rule that no schema tells, such as the students who are on a course already, refuses what is valid by the schema.
LEFT_OUT = "positive_data_acceptance"


@contextmanager
def running(database: str, name: str) -> Iterator[int]:
    """A portal with the demo institution, without limits on how often one may ask; gives its port."""
    url = servers.new_database(database, name)
    folder = servers.run_folder() / f"data_{name}_{database}"
    app = build_app(url, folder)
    migrate(app)
    demo.load(app)
    dispose(app)
    with serving("wsgi:app", folder, DATABASE_URL=url, RATELIMIT_ENABLED="false", LOG_LEVEL="ERROR") as port:
        yield port


def fuzz(port: int, role: str, seconds: int, folder: Path) -> int:
    """One run; the exit status of schemathesis."""
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "run",
        f"http://127.0.0.1:{port}/api/openapi.json", "--max-time", str(seconds), "--checks", "all",
        "--exclude-checks", LEFT_OUT, "--continue-on-failure", "--suppress-health-check", "all",
        "--generation-database", "none", "--no-color", "--warnings", "off",
    ]  # fmt: skip
    if role == "stranger":
        # Without any token schemathesis would first look for one by itself.
        command += ["--include-path-regex", WITHOUT_TOKEN, "-H", "Authorization: Bearer none"]
        command += ["--phases", "examples,coverage,fuzzing"]  # none of them leads to another
    else:
        login = {"email": f"{role}@demo.example.org", "password": PASSWORD}
        token = ask(port, "POST", "/api/auth/login", login).json["token"]
        command += ["--exclude-path-regex", WITHOUT_TOKEN, "-H", f"Authorization: Bearer {token}"]
    status = subprocess.run(command, cwd=folder, check=False).returncode
    # A run whose token ended on the way has tried less than it seems.
    if role != "stranger" and ask(port, "GET", "/api/auth/me", token=token).status != 200:
        print("The token does not hold any more.")
        status = status or 1
    return status


def main() -> int:
    """Run all that is asked for; 1 when any has found something."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fuzz", description=__doc__)
    parser.add_argument("--db", default="sqlite,mariadb", help="databases with commas: sqlite, mariadb, postgresql")
    parser.add_argument("--role", default=",".join(ROLES), help=f"roles with commas: {', '.join(ROLES)}")
    parser.add_argument("--seconds", type=int, default=60, help="how long each run takes")
    asked = parser.parse_args()
    servers.open_run()
    found = []
    try:
        for database in asked.db.split(","):
            for role in asked.role.split(","):
                print(f"\n=== {role} on {database}", flush=True)
                with running(database, f"fuzz_{role}") as port, TemporaryDirectory() as folder:
                    if fuzz(port, role, asked.seconds, Path(folder)):
                        found.append(f"{role} on {database}")
    finally:
        servers.close_run()
    print(f"\nFound something: {', '.join(found)}" if found else "\nNothing found.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
