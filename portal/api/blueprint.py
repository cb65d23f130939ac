"""Where every operation of the API is hung."""

from flask import Blueprint

from portal.api.bearer import check_scope
from portal.api.limits import SCOPE, api_limit, caller, count_request
from portal.extensions import limiter

bp = Blueprint(SCOPE, __name__, url_prefix="/api")
# One count for all operations together, beside the narrower ones that some have.
limiter.shared_limit(api_limit, scope=SCOPE, key_func=caller, override_defaults=False)(bp)
limiter.ask_before(count_request)
bp.before_request(check_scope)
