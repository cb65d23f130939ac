"""The document of the API, and a page that shows it."""

import json

from flask import Blueprint, Response, current_app, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from portal.api.document import build_document
from portal.config.present import present_settings
from portal.web.access import public

bp = Blueprint("api_docs", __name__, url_prefix="/api")
_KEY = "portal_api_document"


@bp.get("/openapi.json")
@public
def document() -> BaseResponse:
    """OpenAPI 3.1, built once a process."""
    kept = current_app.extensions.get(_KEY)
    if kept is None:
        kept = json.dumps(build_document(current_app), ensure_ascii=False, separators=(",", ":"))
        current_app.extensions[_KEY] = kept
    answer = Response(kept, mimetype="application/json", headers={"Cache-Control": "no-cache"})
    answer.add_etag()
    return answer.make_conditional(request)


@bp.get("/docs")
@public
def docs() -> str:
    """The document as a page: Swagger UI, from our own files."""
    return render_template("api/docs.html", title=present_settings().portal_name)
