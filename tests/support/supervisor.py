"""Runs one throwaway server for as long as the test run lives, and never longer.

Called as `supervisor.py OWNER_PID MARKER_FILE USER STOP_SIGNAL command…`. Test runs end in many ways, kill -9
included, so the server's life depends on its owner's and not on somebody's clean-up. The marker
file is removed once the server is gone.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PATIENCE = 5.0


def main(owner: int, marker: Path, user: str, stop_signal: int, command: list[str]) -> None:
    wanted = []
    signal.signal(signal.SIGTERM, lambda *_: wanted.append(True))
    server = subprocess.Popen(command, stdin=subprocess.DEVNULL, **as_user(user))
    while not wanted and server.poll() is None and _lives(owner):
        time.sleep(0.1)
    if server.poll() is None:
        server.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(_PATIENCE)
        server.kill()
        server.wait()
    marker.unlink(missing_ok=True)
    if not _lives(owner):
        shutil.rmtree(marker.parent, ignore_errors=True)


def as_user(user: str) -> dict[str, Any]:
    """The arguments with which `subprocess` runs a command as another user; none for an empty name."""
    return {"user": user, "group": pwd.getpwnam(user).pw_gid, "extra_groups": []} if user else {}


def _lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5:])
