"""The queue of jobs: on Redis when there is one, else in a file of the data folder."""

from typing import TYPE_CHECKING

from portal.config import Settings

if TYPE_CHECKING:
    from huey import Huey

NAME = "portal"


def new_queue(settings: Settings) -> "Huey":
    """The queue. Results are not kept: the truth about a job is in the database.

    Periodic tasks may fire on several workers at once, and again after a restart; each is written so
    that this does no harm.
    """
    # huey brings Redis along and takes half a second to import; web processes rarely ask for it.
    from huey import PriorityRedisExpireHuey, SqliteHuey

    address = settings.redis_address()
    if address:
        return PriorityRedisExpireHuey(NAME, url=address, results=False)
    settings.portal_data_dir.mkdir(parents=True, exist_ok=True)
    return SqliteHuey(NAME, filename=str(settings.portal_data_dir / "queue.db"), results=False, timeout=10)
