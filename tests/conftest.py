"""Which databases the tests run on, and what is left out where it is not installed.

The fixtures are in tests/support: databases, web, browser.
"""

import gc
import os
import zlib
from collections.abc import Callable, Iterator
from typing import NoReturn

import pytest

from tests.support import order, servers
from tests.support.forks import Forks

# What is imported and collected stays: looking through it while it grows takes a tenth of the time. See
# pytest_collection_finish.
gc.disable()

pytest_plugins = [
    "tests.support.databases",
    "tests.support.web",
    "tests.support.browser",
    "tests.support.term",
    "tests.support.openid",
    "tests.support.forger",
]

_chosen = pytest.StashKey[list[str]]()
_left_out = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    known = ", ".join(servers.KINDS)
    parser.addoption("--db", default="sqlite", help=f"databases to run on: {known}; several with commas, or all")
    parser.addoption("--everywhere", action="store_true", help="every test on each of these, marked or not")


def pytest_configure(config: pytest.Config) -> None:
    wanted = list(servers.KINDS) if config.getoption("--db") == "all" else config.getoption("--db").split(",")
    if unknown := set(wanted) - set(servers.KINDS):
        raise pytest.UsageError(f"--db: {', '.join(sorted(unknown))} is none of {', '.join(servers.KINDS)}")
    missing = [kind for kind in wanted if not servers.is_there(kind)]
    if missing and (is_complete() or config.getoption("--db") != "all"):
        raise pytest.UsageError(f"not installed: {', '.join(missing)}")
    config.stash[_chosen] = [kind for kind in wanted if kind not in missing]
    config.stash[_left_out] = [f"every test on {kind}, which is not installed" for kind in missing]
    if not hasattr(config, "workerinput"):
        servers.open_run()
    # Whatever reads the settings by itself, such as `tasks`, stays within the run's folder.
    os.environ["PORTAL_DATA_DIR"] = str(servers.run_folder() / "default")
    # Each test process counts for itself: requests of the others are none of its own.
    process = getattr(config, "workerinput", {}).get("workerid", "main")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(servers.run_folder() / "metrics" / process)
    os.environ |= dict.fromkeys(("DATABASE_URL", "REDIS_URL", "MAIL_URL"), "")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if processes := getattr(config, "workerinput", {}).get("workercount"):
        items[:] = order.deal(items, processes)


def pytest_collection_finish() -> None:
    # Nor is it looked through again and again while tests run.
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(20_000, 20, 50)


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and servers.OWNER in os.environ:
        servers.close_run()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        kinds = metafunc.config.stash[_chosen]
        marks = {mark.name for mark in metafunc.definition.iter_markers()}
        if marks & {"browser", "timing"}:
            kinds = kinds[:1]
        elif metafunc.config.getoption("--everywhere") or "every_database" in marks:
            pass
        elif "one_database" in marks:
            kinds = kinds[:1]
        elif "in_turn" in marks:
            kinds = [kinds[zlib.crc32(metafunc.definition.nodeid.encode()) % len(kinds)]]
        metafunc.parametrize("database_kind", kinds, indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    left_out = config.stash[_left_out] + [f"{report.nodeid}: {report.longrepr[2]}" for report in skipped]
    if left_out:
        terminalreporter.section("left out")
        for line in left_out:
            terminalreporter.write_line(line)


def is_complete() -> bool:
    """Whether nothing may be left out, as on a build server."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


@pytest.fixture(scope="session")
def leave_out() -> Callable[[str], NoReturn]:
    """Skips a test that cannot run on this machine; on a build server it fails instead."""

    def do(reason: str) -> NoReturn:
        if is_complete():
            pytest.fail(f"nothing may be left out here: {reason}")
        pytest.skip(reason)

    return do


@pytest.fixture(scope="session")
def worker() -> str:
    """A name for this test process among its siblings."""
    return os.environ.get("PYTEST_XDIST_WORKER", "main")


@pytest.fixture
def database_kind(request: pytest.FixtureRequest) -> str:
    """The kind of database that this run of the test is on."""
    return str(request.param)


@pytest.fixture(scope="session")
def forks() -> Iterator[Forks]:
    """A process that has loaded the portal and makes others."""
    process = Forks()
    yield process
    process.close()
