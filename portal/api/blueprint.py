"""Where every operation of the API is hung."""

from flask import Blueprint
from werkzeug.routing import IntegerConverter

from portal.api.bearer import check_scope
from portal.api.limits import SCOPE, api_limit, caller, count_request
from portal.extensions import limiter

_LARGEST = 2**31 - 1
_MOST_DIGITS = 10

bp = Blueprint(SCOPE, __name__, url_prefix="/api")
# One count for all operations together, beside the narrower ones that some have.
limiter.shared_limit(api_limit, scope=SCOPE, key_func=caller, override_defaults=False)(bp)
limiter.ask_before(count_request)
bp.before_request(check_scope)


class IdConverter(IntegerConverter):
    """`<id:…>`: an id in an address; one that no column can hold is 0, which is nobody's.

    With `<int(max=…):…>` the router would answer it with 405 where an address has several methods. Digits of other
    scripts are none: one thing has one address.
    """

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """The number, or 0."""
        number = int(value) if len(value) <= _MOST_DIGITS else 0
        return number if number <= _LARGEST else 0
