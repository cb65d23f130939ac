"""Answers for htmx and for plain forms alike."""

import json
from typing import Any

from flask import Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse


def is_htmx() -> bool:
    """Whether htmx sent this request."""
    return request.headers.get("HX-Request") == "true"


def wants_fragment() -> bool:
    """Whether a part of the page is enough: htmx asks, and it is not rebuilding the page from its history."""
    return is_htmx() and request.headers.get("HX-History-Restore-Request") != "true"


def fragment(template: str, status: int = 200, **context: Any) -> Response:
    """A fragment rendered alone. It varies by HX-Request, so no cache may hand it out as the page."""
    response = make_response(render_template(template, **context), status)
    response.headers["Vary"] = "HX-Request"
    return response


def list_fragment(template: str, address: str, said: str, **context: Any) -> Response:
    """A list that was filtered or paged, as a fragment: the address bar gets its address, and `said` is read aloud."""
    response = fragment(template, **context)
    response.headers["HX-Push-Url"] = address
    response.headers["HX-Trigger"] = json.dumps({"announce": {"text": said}})
    return response


def redirect_or_hx(address: str) -> BaseResponse:
    """A redirect (303) for a form, or the header that makes htmx go there."""
    if is_htmx():
        return Response("", 200, {"HX-Redirect": address})
    return redirect(address, 303)
