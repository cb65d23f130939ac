"""What every answer of the API has: how often one may ask, and that nobody keeps it."""

from flask import Flask, request

from portal.api.cors import allow_origin, answer_preflight
from portal.api.limits import headers_of_limits
from portal.web.answers import Answer
from portal.web.bare import bare
from portal.web.entrances import present_entrance


def init_manners(app: Flask) -> None:
    """Finish each answer of the API, after everything else has."""
    app.after_request_funcs.setdefault(None, []).insert(0, _finish)
    # Before the guard: a browser asks whether it may send a token without sending one.
    app.before_request_funcs.setdefault(None, []).insert(0, answer_preflight)


def _finish(response: Answer) -> Answer:
    if present_entrance() is None:
        return response
    headers = response.headers
    there = {name.lower() for name, _value in headers}
    # What is said of people and courses may lie with the program that asked, and with nobody between; tokens nowhere.
    may_keep = "etag" in there and bare(request).method in {"GET", "HEAD"}
    if "cache-control" not in there:
        response.put_last(("Cache-Control", "private, no-cache" if may_keep else "no-store"))
    response.put_last(("Vary", "Authorization, Accept-Language"), *headers_of_limits().items())
    allow_origin(response)
    if response.is_sequence and not any(response.response):
        headers.pop("Content-Type", None)
    return response
