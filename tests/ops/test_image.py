"""The Dockerfile, read as its linters read it, and its last stage carried out without Docker."""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from tests.support import servers
from tests.support.portal_process import free_port, seconds_until_live

ROOT = Path(__file__).resolve().parents[2]
NOBODY = "10001"
Instruction = tuple[str, str]


def instructions(text: str) -> list[Instruction]:
    """Each instruction with what follows it, comments left out and lines put together."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    whole = "\n".join(lines).replace("\\\n", " ")
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in whole.splitlines())]


def faults(found: list[Instruction]) -> set[str]:
    """What hadolint and the guides to safe images ask for and what is not so."""
    last = found[max(number for number, (word, _) in enumerate(found) if word == "FROM") :]
    rules: dict[str, Callable[[str, str], bool]] = {
        "DL3006: an image without a version": lambda word, rest: word == "FROM" and ":" not in rest.split()[0],
        "DL3007: the newest image": lambda word, rest: word == "FROM" and ":latest" in rest,
        "DL3000: a relative folder": lambda word, rest: word == "WORKDIR" and not rest.startswith("/"),
        "DL3003: cd": lambda word, rest: word == "RUN" and bool(re.search(r"(^|&& *|; *)cd ", rest)),
        "DL3020: ADD": lambda word, _rest: word == "ADD",
        "DL3025: a shell's form": lambda word, rest: word in {"CMD", "ENTRYPOINT"} and not rest.startswith("["),
        "DL3042: pip keeps a cache": lambda word, rest: "pip install" in rest and "--no-cache-dir" not in rest,
        "DL3013: any version": lambda _word, rest: bool(
            re.search(r'pip install(?!.*(-r |["\'][\w\[\]-]+[>=<]))', rest)
        ),
        "a secret": lambda word, rest: word in {"ENV", "ARG"} and bool(re.search(r"SECRET|PASS|TOKEN|_KEY", rest)),
    }
    wrong = {name for name, is_wrong in rules.items() for word, rest in found if is_wrong(word, rest)}
    users = [rest for word, rest in last if word == "USER"]
    if not users or users[-1] in {"root", "0"}:
        wrong.add("DL3002: root")
    return wrong


DOCKERFILE = instructions((ROOT / "Dockerfile").read_text())
LAST_STAGE = DOCKERFILE[[word for word, _ in DOCKERFILE].index("FROM", 1) :]


def test_the_image_is_made_as_its_linters_ask() -> None:
    assert faults(DOCKERFILE) == set()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("FROM python\nUSER a", "DL3006: an image without a version"),
        ("FROM python:latest\nUSER a", "DL3007: the newest image"),
        ("FROM a:1\nRUN pip install --no-cache-dir flask\nUSER a", "DL3013: any version"),
        ('FROM a:1\nRUN pip install \\\n  "flask>=3"\nUSER a', "DL3042: pip keeps a cache"),
        ("FROM a:1\nENV JWT_SECRET=x\nUSER a", "a secret"),
        ("FROM a:1\nUSER a\nFROM b:1", "DL3002: root"),
        ("FROM a:1\nUSER a\nCMD flask run", "DL3025: a shell's form"),
    ],
)
def test_a_faulty_one_is_found(text: str, fault: str) -> None:
    assert faults(instructions(text)) == {fault}


def copied() -> Iterator[tuple[str, str]]:
    """What the last stage takes from the repository, and where it puts it."""
    for word, rest in LAST_STAGE:
        if word == "COPY" and "--from" not in rest:
            *sources, target = rest.split()
            for source in sources:
                yield source, target if target != "./" and target != "." else source


def test_all_that_the_code_reads_is_copied_and_nothing_of_it_is_held_back() -> None:
    held_back = (ROOT / ".dockerignore").read_text().split()
    names = {source for source, _target in copied()}
    assert names & set(held_back) == set()
    assert all((ROOT / name).exists() for name in names)
    ours = {path.name for path in ROOT.iterdir() if path.is_dir()} | {path.stem for path in ROOT.glob("*.py")}
    sources = [*(ROOT / "portal").rglob("*.py"), ROOT / "wsgi.py", ROOT / "tasks.py"]
    imported = {
        name for path in sources for name in re.findall(r"^ *(?:from|import) (\w+)", path.read_text(), re.MULTILINE)
    }
    read = {"migrations", "seeds", "translations", "pyproject.toml"}
    assert ((imported & ours) | read) - {Path(name).stem for name in names} - names == set()


def environment(app: Path, data: Path) -> dict[str, str]:
    """The image's settings and those that an operator must give, with folders of this test."""
    [given] = [rest for word, rest in LAST_STAGE if word == "ENV"]
    set_there = dict(one.split("=", 1) for one in shlex.split(given))
    moved = {name: value.replace("/data", str(data)).replace("/app", str(app)) for name, value in set_there.items()}
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return moved | {"PATH": path, "SECRET_KEY": "k" * 32, "JWT_SECRET": "j" * 32, "PORT": str(free_port()),
                    "WEB_CONCURRENCY": "1", "TMPDIR": str(app.parent / "tmp")}  # fmt: skip


@pytest.fixture
def image(leave_out: Callable[[str], NoReturn]) -> Iterator[tuple[Path, Path]]:
    """The folders of the image with what is copied into it; everybody may read them."""
    can = shutil.which("unshare") and shutil.which("setpriv") and os.getuid() == 0
    if not can or subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode:
        leave_out("a root that cannot be written needs mount namespaces, as root")
    folder = servers.run_folder() / f"image_{os.getpid()}"
    if not folder.is_relative_to("/dev/shm"):
        leave_out("only what is mounted by itself can be written below a root that cannot")
    app, data = folder / "app", folder / "data"
    data.mkdir(parents=True)
    (folder / "tmp").mkdir()
    os.chown(data, int(NOBODY), int(NOBODY))
    for source, target in copied():
        copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
        (app / target).parent.mkdir(parents=True, exist_ok=True)
        copy(ROOT / source, app / target)
    yield app, data
    shutil.rmtree(folder)


def confined(app: Path, command: list[str]) -> list[str]:
    """The command as a container runs it: as nobody, on a root that cannot be written, with one empty folder.

    That folder is not /tmp, in which this repository may lie.
    """
    mounts = (
        "mount --make-rprivate / && mount --bind / / && mount -o remount,ro,bind / && "
        f"mount --bind {app} {app} && mount -o remount,ro,bind {app} && mount -t tmpfs tmpfs {app.parent / 'tmp'}"
    )
    drop = f"exec setpriv --reuid {NOBODY} --regid {NOBODY} --clear-groups --no-new-privs --bounding-set=-all"
    return ["unshare", "--mount", "sh", "-c", f"{mounts} && {drop} {shlex.join(command)}"]


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.one_database
def test_the_image_serves_as_nobody_on_a_root_that_it_cannot_write(image: tuple[Path, Path]) -> None:
    app, data = image
    given = environment(app, data)
    if subprocess.run(confined(app, [sys.executable, "-c", ""]), check=False).returncode:
        pytest.skip("the folder of this repository is closed to others")
    [build] = [rest for word, rest in LAST_STAGE if word == "RUN" and "assets build" in rest]
    run = partial(subprocess.run, cwd=app, env=given, check=True, capture_output=True, text=True, timeout=90)
    # What the tests have compiled already came along; to compile all of it takes longer than the rest.
    quicker = build.replace("unchecked-hash", "timestamp").replace("/tmp/build", str(data.parent / "build"))
    run(["sh", "-c", quicker])
    denied = run(confined(app, ["touch", str(app / "x"), "/var/x"]), check=False)
    assert denied.stderr.count("Read-only file system") == 2, denied.stderr
    run(confined(app, ["flask", "--app", "wsgi", "db", "upgrade"]))
    [command], [check] = ([rest for word, rest in LAST_STAGE if word == wanted] for wanted in ("CMD", "HEALTHCHECK"))
    server = subprocess.Popen(confined(app, json.loads(command)), cwd=app, env=given, start_new_session=True)
    try:
        assert seconds_until_live(server, int(given["PORT"])) is not None
        run(json.loads(check.partition("CMD ")[2]))
        with urllib.request.urlopen(f"http://127.0.0.1:{given['PORT']}/login", timeout=30) as answer:
            style = re.search(r'"(/static/css/[^"]+\.css)"', answer.read().decode())
        assert style
        asked = urllib.request.Request(
            f"http://127.0.0.1:{given['PORT']}{style[1]}", headers={"Accept-Encoding": "br"}
        )  # fmt: skip
        with urllib.request.urlopen(asked, timeout=30) as answer:
            assert (answer.headers["Content-Encoding"], "immutable" in answer.headers["Cache-Control"]) == ("br", True)
        server.send_signal(signal.SIGTERM)
        assert server.wait(20) == 0
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
