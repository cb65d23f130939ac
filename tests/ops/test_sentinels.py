"""Sentinels say which Redis leads; when that one dies, the next one is found without a word to the portal."""

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import redis

from portal.config import SettingsError, load_settings
from portal.extensions import limiter
from portal.ops.queue import new_queue
from tests.support import servers
from tests.support.portal_process import free_port

pytestmark = pytest.mark.one_database

PASSWORD, PATIENCE = "a b:c@d", 30.0


class Cluster:
    """A Redis, its replica, and one Sentinel that watches over both."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.ports = [free_port() for _ in range(3)]
        first, second, sentinel = self.ports
        common = ["--requirepass", PASSWORD, "--masterauth", PASSWORD, "--save", "", "--dir", str(folder)]
        self.leader = self._start("--port", str(first), *common)
        self.replica = self._start("--port", str(second), "--replicaof", "127.0.0.1", str(first), *common)
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"port {sentinel}\nsentinel monitor office 127.0.0.1 {first} 1\n"
            f'sentinel auth-pass office "{PASSWORD}"\n'
            "sentinel down-after-milliseconds office 400\nsentinel failover-timeout office 2000\n"
        )
        self.sentinel = self._start(str(settings), "--sentinel")
        self._wait_until_the_replica_is_known()

    def _start(self, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / "log").open("ab") as log:
            return subprocess.Popen([servers._path("redis-server"), *words], stdout=log, stderr=log)

    def _wait_until_the_replica_is_known(self) -> None:
        until = time.monotonic() + PATIENCE
        with redis.Redis(port=self.ports[2]) as asked:
            while time.monotonic() < until:
                with suppress(redis.RedisError):
                    if [one for one in asked.sentinel_slaves("office") if one["master-link-status"] == "ok"]:
                        return
                time.sleep(0.1)
        raise TimeoutError((self._folder / "log").read_text()[-2000:])

    def stop(self) -> None:
        """End all of it."""
        for process in (self.sentinel, self.replica, self.leader):
            process.kill()
            process.wait()


@pytest.fixture
def cluster(tmp_path: Path, leave_out: Any) -> Iterator[Cluster]:
    if not servers.is_there("redis"):
        leave_out("redis-server is not installed")
    made = Cluster(tmp_path)
    yield made
    made.stop()


@pytest.mark.servers
def test_queue_and_limits_follow_the_redis_that_leads(
    cluster: Cluster, build_fresh_app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.ops.health.LIMIT", PATIENCE)  # a busy machine may take longer
    app = build_fresh_app(
        redis_sentinels=f"127.0.0.1:1, 127.0.0.1:{cluster.ports[2]}", redis_master="office", redis_password=PASSWORD,
        ratelimit_enabled=True, ratelimit_auth="2 per hour",
    )  # fmt: skip
    limiter.enabled = True
    health = app.test_client().get("/health").json
    assert health["services"] == {"database": "OK", "redis": "OK", "queue": "OK"}
    queue = new_queue(app.config["PORTAL"])
    queue.storage.enqueue(b"before", 1)
    with redis.Redis(port=cluster.ports[0], password=PASSWORD) as leader:
        assert leader.wait(1, 5000) == 1, "the replica has it"
    cluster.leader.send_signal(signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(redis.RedisError):
            queue.storage.enqueue(b"after", 1)
            break
        time.sleep(0.2)
    assert set(queue.storage.enqueued_items()) == {b"before", b"after"}
    assert limiter.storage.incr("counted", 60) == 1
    assert app.test_client().get("/health").json["status"] == "OK"


def test_sentinels_are_named_by_host_and_port() -> None:
    with pytest.raises(SettingsError, match=r"^REDIS_SENTINELS: use hosts and ports"):
        load_settings(redis_sentinels="redis://10.0.0.11:26379")
    settings = load_settings(redis_sentinels="a:1,b:2", redis_url="redis://elsewhere:6379/0")
    assert settings.redis_address() == "redis+sentinel://a:1,b:2/mymaster"
