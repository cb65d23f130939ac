"""How often one may ask, and what the headers of an answer say of it."""

from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache

from flask import current_app, g, request
from flask_limiter.util import get_remote_address
from limits import RateLimitItem, WindowStats, parse_many

from portal import clock
from portal.api.bearer import present_token
from portal.extensions import limiter
from portal.web.access import person_now
from portal.web.bare import bare

# What all operations together are counted under, beside the narrower limits that some of these have.
SCOPE = "api"
_NARROWER = "/api/auth/"
_COUNTED = "api_counted"
# A limit, and the words that a request is counted under.
Counted = tuple[RateLimitItem, Sequence[str]]


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
    asked, by = bare(request), limiter.limiter
    if asked.blueprint != SCOPE or asked.path.startswith(_NARROWER) or by.storage is not limiter.storage:
        return False
    words = (caller(), SCOPE)
    counted = [(item, words) for item in _items_of(api_limit())]
    try:
        may_go_on = all(by.hit(item, *words) for item, words in counted)
    except Exception:  # whatever the counters stumbled over, the limiter does too, and knows what then
        return False
    setattr(bare(g), _COUNTED, counted)
    return may_go_on


@lru_cache(maxsize=8)
def _items_of(limit: str) -> Sequence[RateLimitItem]:
    return sorted(parse_many(limit))


def counted_now() -> Sequence[Counted]:
    """What this request was counted against."""
    found: Sequence[Counted] | None = bare(g).get(_COUNTED)
    return found or [(one.limit, one.request_args) for one in limiter.current_limits]


def headers_of_limits() -> dict[str, str]:
    """What this answer says of its limits; nothing where there are none, or while the counters are away."""
    if not limiter.enabled:
        return {}
    with suppress(Exception):
        return limit_headers(counted_now())
    return {}


def limit_headers(counted: Sequence[Counted]) -> dict[str, str]:
    """What the tightest of these limits says, by when it begins anew and how much is left of it."""
    windows = [(limit, limiter.limiter.get_window_stats(limit, *words)) for limit, words in counted]
    return _said_of(*min(windows, key=lambda one: one[1].remaining)) if windows else {}


def _said_of(limit: RateLimitItem, window: WindowStats) -> dict[str, str]:
    begins = int(window.reset_time + 1)
    return {
        "RateLimit-Limit": str(limit.amount),
        "RateLimit-Remaining": str(max(window.remaining, 0)),
        "RateLimit-Reset": str(max(begins - int(clock.now().timestamp()), 0)),
    }
