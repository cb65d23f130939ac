"""Whether anything has changed: asked by every open page every few seconds, so it knows no session and hardly SQL."""

import hashlib
import hmac

from flask import Blueprint, Response, current_app, request

from portal import pulses
from portal.web.access import public

bp = Blueprint("live", __name__)
_LENGTH = 12


@bp.get("/live")
@public
def pulse() -> Response:
    """A word for each thing that a page may follow; it becomes another one when the thing changes.

    The words are made with the portal's key: how often something changes is nobody's business.
    """
    found = pulses.latest()
    work = _word(found.get(pulses.COURSES, 0), found.get(pulses.WEEKS, 0))
    answer = Response(f"work {work}\nnotices {_word(found.get(pulses.NOTICES, 0))}\n", mimetype="text/plain")
    answer.headers["Cache-Control"] = "no-cache"
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:_LENGTH])
    answer.make_conditional(request)
    return answer


def _word(*values: int) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(key, repr(values).encode(), hashlib.sha256).hexdigest()[:_LENGTH]
