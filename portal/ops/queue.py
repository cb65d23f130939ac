"""The queue of jobs: on Redis when there is one, else in a file of the data folder."""

import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from portal.config import Settings
from portal.config.folders import make_data_folder
from portal.config.redis import asking_of, places_of
from portal.ops.logging import TaskWaits, configure_logging, speak_with_one_voice
from portal.stopping import stop_when

if TYPE_CHECKING:
    from huey import Huey
    from huey.consumer import Consumer
    from redis.sentinel import SentinelConnectionPool

NAME = "portal"
# Nobody waits longer for a link because the worker had nothing to do before.
LONGEST_PAUSE = 1.0
# Where the library keeps what waits: in this file of the data folder, or under this name on Redis.
_FILE, _KEY = "queue.db", f"huey.redis.{NAME}"
# A question that Redis leaves open longer than this is asked anew, in seconds.
_PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1}
# Not to begin again, and not to interrupt what runs.
_ENDING = (False, True)


def new_queue(settings: Settings) -> "Huey":
    """The queue. Results are not kept: the truth about a job is in the database.

    Periodic tasks may fire on several workers at once, and again after a restart; each is written so
    that this does no harm.
    """
    # huey brings Redis along and takes half a second to import; web processes rarely ask for it.
    from huey import PriorityRedisExpireHuey, SqliteHuey

    address = settings.redis_address()
    if settings.redis_sentinels:
        queue: Huey = PriorityRedisExpireHuey(NAME, connection_pool=_pool_by_sentinels(settings), results=False)
    elif address:
        queue = PriorityRedisExpireHuey(NAME, url=address, results=False)
    else:
        make_data_folder(settings.portal_data_dir)
        queue = SqliteHuey(NAME, filename=str(settings.portal_data_dir / _FILE), results=False, timeout=10)
    queue.create_consumer = partial(_new_consumer, settings, queue.create_consumer)
    return queue


def counting_of(settings: Settings) -> Callable[[], int]:
    """A function that asks the queue how many tasks wait in it; it raises whatever its driver does.

    It does without the library of the queue, which takes 18 MB and, on a busy machine, longer than such an answer may.
    """
    address = settings.redis_address()
    if not address:
        return partial(_count_in_file, settings.portal_data_dir / _FILE)
    from redis import ConnectionPool, Redis

    by_sentinels = bool(settings.redis_sentinels)
    pool = _pool_by_sentinels(settings) if by_sentinels else ConnectionPool.from_url(address, **_PATIENCE)
    client = Redis(connection_pool=pool)
    return lambda: int(client.zcard(_KEY))


def _count_in_file(file: Path) -> int:
    if not file.exists():
        return 0  # nothing was ever put into it
    with closing(sqlite3.connect(file)) as queue:
        if not queue.execute("SELECT 1 FROM sqlite_master WHERE name = 'task'").fetchone():
            return 0  # it is being made just now
        return int(queue.execute("SELECT COUNT(*) FROM task WHERE queue = ?", (NAME,)).fetchone()[0])


def _pool_by_sentinels(settings: Settings) -> "SentinelConnectionPool":
    """Connections to whichever Redis leads at that moment. It asks nobody yet."""
    from redis.sentinel import Sentinel, SentinelConnectionPool

    places = places_of(settings.redis_sentinels)
    sentinels = Sentinel(places, sentinel_kwargs=asking_of(settings.redis_sentinel_password))  # type: ignore[no-untyped-call]
    login = settings.redis_password or None
    return SentinelConnectionPool(settings.redis_master, sentinels, password=login)  # type: ignore[no-untyped-call]


def _new_consumer(settings: Settings, create: Any, *, max_delay: float = LONGEST_PAUSE, **options: Any) -> "Consumer":
    """A consumer that asks often, logs as the portal does, and whose jobs know when it is asked to stop.

    Redis tells of a job at once; a file must be asked, by default every ten seconds.
    """
    from huey.signals import SIGNAL_ERROR

    configure_logging(settings)
    speak_with_one_voice()
    consumer: Consumer = create(max_delay=min(max_delay, LONGEST_PAUSE), **options)
    consumer.huey.signal(SIGNAL_ERROR)(TaskWaits())
    stop_when(consumer.stop_flag.is_set)
    # Whoever stops it, with Ctrl-C or as every supervisor does: what runs comes to an end first. Left alone, one of
    # the two would cut it off.
    consumer._signal_actions |= dict.fromkeys((signal.SIGINT, signal.SIGTERM), _ENDING)
    return consumer
