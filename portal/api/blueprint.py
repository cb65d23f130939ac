"""Where every operation of the API is hung."""

from flask import Blueprint

from portal.api.manners import api_limit, caller
from portal.extensions import limiter

bp = Blueprint("api", __name__, url_prefix="/api")
# One count for all operations together, beside the narrower ones that some have.
limiter.shared_limit(api_limit, scope="api", key_func=caller, override_defaults=False)(bp)
