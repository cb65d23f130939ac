"""What a load balancer or a watchdog asks."""

import hmac
from http import HTTPStatus

from flask import Blueprint, Response, abort, current_app, jsonify, request

from portal.config.present import present_settings
from portal.extensions import limiter
from portal.ops.health import ERROR, health
from portal.ops.metrics import exposition
from portal.ops.system import list_versions, look_at
from portal.roles import Role
from portal.web.access import audience, public
from portal.web.pages import page

bp = Blueprint("ops", __name__)


@bp.get("/health")
@public
@limiter.exempt
def state() -> Response:
    """Database, queue and version as JSON; 503 when the database is away."""
    found = health(current_app._get_current_object())  # type: ignore[attr-defined]
    response = jsonify(found)
    response.status_code = HTTPStatus.SERVICE_UNAVAILABLE if found["status"] == ERROR else HTTPStatus.OK
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/admin/system")
@audience(Role.ADMIN)
def system() -> str:
    """The state of the portal in words, for administrators."""
    sections = look_at(current_app._get_current_object())  # type: ignore[attr-defined]
    ill = sum(not finding.is_well for section in sections for finding in section.findings)
    return page("ops/system.html", sections=sections, ill=ill, versions=list_versions(present_settings()))


@bp.get("/health/live")
@public
@limiter.exempt
def live() -> Response:
    """That this process answers; it asks nobody else."""
    return Response("ok", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@bp.get("/metrics")
@public
@limiter.exempt
def metrics() -> Response:
    """Figures for Prometheus, for whoever shows METRICS_TOKEN; without such a setting only while developing."""
    settings = present_settings()
    if not settings.metrics_token and settings.in_production:
        abort(404)
    scheme, _space, shown = request.headers.get("Authorization", "").partition(" ")
    is_theirs = scheme.lower() == "bearer" and hmac.compare_digest(shown.encode(), settings.metrics_token.encode())
    if settings.metrics_token and not is_theirs:
        return Response("a token is needed\n", 401, {"WWW-Authenticate": "Bearer"}, mimetype="text/plain")
    text = exposition(current_app._get_current_object())  # type: ignore[attr-defined]
    headers = {"Cache-Control": "no-store"}
    return Response(text, headers=headers, content_type="text/plain; version=0.0.4; charset=utf-8")
