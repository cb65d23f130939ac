"""What a load balancer or a watchdog asks."""

from http import HTTPStatus

from flask import Blueprint, Response, current_app, jsonify

from portal.extensions import limiter
from portal.ops.health import DOWN, health
from portal.web.access import public

bp = Blueprint("ops", __name__)


@bp.get("/health")
@public
@limiter.exempt
def state() -> Response:
    """Database, queue and version as JSON; 503 when the database is away."""
    found = health(current_app)
    response = jsonify(found)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE if found["status"] == DOWN else HTTPStatus.OK
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/health/live")
@public
@limiter.exempt
def live() -> Response:
    """That this process answers; it asks nobody else."""
    return Response("ok", mimetype="text/plain", headers={"Cache-Control": "no-store"})
