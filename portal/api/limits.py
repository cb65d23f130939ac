"""How often one may ask, and what the headers of an answer say of it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from flask import current_app, g, request
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, WindowStats, parse_many
from limits.storage import Storage

from portal import clock
from portal.api.bearer import present_token
from portal.extensions import limiter
from portal.web.access import person_now
from portal.web.bare import bare

# What all operations together are counted under, beside the narrower limits that some of these have.
SCOPE = "api"
_NARROWER = "/api/auth/"
_COUNTED = "api_counted"
_OTHER = "api_met_another_limit"
# A limit, and the words that a request is counted under.
Counted = tuple[RateLimitItem, Sequence[str]]
# A limit, and how it stands.
Window = tuple[RateLimitItem, WindowStats]


def api_limit() -> str:
    """How often one person may ask, or one network address without a token."""
    return str(bare(current_app).config["PORTAL"].ratelimit_api)


def caller() -> str:
    """Who asks, for counting: an integration, a person, or a network address."""
    if token := present_token():
        return f"token:{token.token_id}"
    person = person_now()
    return f"user:{person.id}" if person.is_authenticated else get_remote_address()


def count_request() -> bool:
    """Count a request that falls under this one limit alone, and say whether it may go on.

    False too for all others: the limiter counts these itself, as it does when its counters are away, and refuses.
    """
    asked = bare(request)
    if asked.blueprint != SCOPE or asked.path.startswith(_NARROWER):
        return False
    words = (caller(), SCOPE)
    counted = [(item, words) for item in _items_of(api_limit())]
    windows = count(counted)
    if windows is None:
        return False
    setattr(bare(g), _COUNTED, (counted, windows))
    return True


@lru_cache(maxsize=8)
def _items_of(limit: str) -> Sequence[RateLimitItem]:
    return sorted(parse_many(limit))


def count(counted: Sequence[Counted]) -> Sequence[Window] | None:
    """Count once more, and how each limit stands then; None where the limiter is to count, which it then does itself.

    That is when a limit is met, or when the counters are away: the limiter asks now and then whether they still are.
    """
    by = limiter.limiter
    if by.storage is not limiter.storage:
        return None
    try:
        # Where one of several is met, the others are not counted twice. A single one stays met.
        if len(counted) > 1 and not all(by.test(item, *words) for item, words in counted):
            return None
        windows = [_counted_in(by.storage, item, item.key_for(*words)) for item, words in counted]
    except Exception:  # whatever the counters stumbled over, the limiter does too, and knows what then
        return None
    return windows if all(window.remaining >= 0 for _item, window in windows) else None


def _counted_in(storage: Storage, item: RateLimitItem, key: str) -> Window:
    """As `FixedWindowRateLimiter.hit` counts, which does not say how many there are: that is one question less."""
    remaining = item.amount - storage.incr(key, item.get_expiry())
    return item, WindowStats(storage.get_expiry(key), remaining)


def counted_now() -> Sequence[Counted]:
    """What this request was counted against."""
    found: tuple[Sequence[Counted], Sequence[Window]] | None = bare(g).get(_COUNTED)
    return found[0] if found else [(one.limit, one.request_args) for one in limiter.current_limits]


def say_no_limits() -> None:
    """What refuses this request counts otherwise than the API does: its answer says nothing of limits not met."""
    setattr(bare(g), _OTHER, True)


def headers_of_limits() -> dict[str, str]:
    """What this answer says of its limits; nothing where there are none, or while the counters are away."""
    if bare(g).get(_OTHER):
        return {}
    found: tuple[Sequence[Counted], Sequence[Window]] | None = bare(g).get(_COUNTED)
    if found:
        return limit_headers(found[1])
    with suppress(Exception):
        return limit_headers([(one.limit, one.window) for one in limiter.current_limits]) if limiter.enabled else {}
    return {}


def limit_headers(windows: Sequence[Window]) -> dict[str, str]:
    """What the tightest of these limits says, by when it begins anew and how much is left of it."""
    if not windows:
        return {}
    limit, window = min(windows, key=lambda one: one[1].remaining)
    begins = int(window.reset_time + 1)
    return {
        "RateLimit-Limit": str(limit.amount),
        "RateLimit-Remaining": str(max(window.remaining, 0)),
        "RateLimit-Reset": str(max(begins - int(clock.now().timestamp()), 0)),
    }
