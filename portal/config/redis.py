"""Where Redis is found: at an address, or by asking Sentinels which of several leads."""

from typing import Any
from urllib.parse import urlsplit

from portal.config.readers import quoted

# As the library of the limits writes it.
SENTINEL_SCHEME = "redis+sentinel"
Place = tuple[str, int]


def places_of(text: str) -> tuple[Place, ...]:
    """Host and port of each Sentinel between the commas of a setting; ValueError with what is allowed."""
    found = []
    for word in filter(None, (part.strip() for part in text.split(","))):
        host, colon, port = word.rpartition(":")
        if not colon or not host or "/" in word or "@" in word or not (port.isdecimal() and 0 < int(port) < 65536):
            raise ValueError("use hosts and ports, such as 10.0.0.11:26379,10.0.0.12:26379")
        found.append((host, int(port)))
    return tuple(found)


def check_redis(text: str) -> None:
    """ValueError with what is allowed, unless the text is the address of a Redis, or nothing."""
    try:
        parts = urlsplit(text)
        is_one = parts.scheme in {"redis", "rediss"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_one = False
    if text and not is_one:
        raise ValueError("use redis://:password@host:6379/0, or rediss://… with TLS")


def address_of(host: str, port: int, password: str) -> str:
    """The address of one Redis."""
    login = f":{quoted(password)}@" if password else ""
    return f"redis://{login}{host}:{port}/0"


def address_by_sentinels(sentinels: str, master: str) -> str:
    """The address under which the limits ask Sentinels for the Redis that leads; they read no password out of it."""
    places = ",".join(f"{host}:{port}" for host, port in places_of(sentinels))
    return f"{SENTINEL_SCHEME}://{places}/{master}"


def asking_of(password: str) -> dict[str, Any]:
    """How a Sentinel is asked: once, and not for long, because the next one knows the same."""
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    patience = {"socket_timeout": 0.4, "socket_connect_timeout": 0.4}
    return {"username": None, "password": password or None, "retry": Retry(NoBackoff(), 0), **patience}
