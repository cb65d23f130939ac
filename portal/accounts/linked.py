"""Pages whose address opens something by itself, because it came in a mail."""

from typing import Any

from flask import Response, make_response

from portal.web.pages import door


def linked_page(template: str, status: int = 200, **context: Any) -> Response:
    """A page for someone who is not signed in; no cache keeps it, and no page that it leads to learns its address.

    `strict-origin` tells the host alone. With `no-referrer` a browser would keep that back from our own form
    too, and the CSRF check of HTTPS requests would refuse it.
    """
    answer = make_response(door(template, **context), status)
    answer.headers["Referrer-Policy"] = "strict-origin"
    answer.headers["Cache-Control"] = "no-store"
    return answer
