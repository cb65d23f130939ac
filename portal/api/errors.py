"""What the API says when something went wrong: one body for all of it."""

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import NoReturn

from flask import abort, g, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from portal.web.entrances import Refusal

_TITLES = {
    400: _l("Validation error"),
    401: _l("Not signed in"),
    403: _l("Not allowed"),
    404: _l("Not found"),
    405: _l("Method not allowed"),
    409: _l("Conflict"),
    413: _l("Too large"),
    415: _l("Unsupported media type"),
    429: _l("Too many requests"),
    500: _l("Internal error"),
    503: _l("Unavailable"),
}
_DETAILS = {
    400: _l("This request could not be read."),
    401: _l("Send a token: Authorization: Bearer <token>. POST /api/auth/login gives one."),
    403: _l("Your role does not allow this."),
    404: _l("There is nothing here, or it is not yours to see."),
    405: _l("This address does not know this method; the header Allow says which it knows."),
    409: _l("Someone was here first. Read it again, then repeat your change."),
    413: _l("The body is too large."),
    415: _l("Send JSON: Content-Type: application/json."),
    429: _l("Wait as many seconds as the header Retry-After says, then try again."),
    500: _l("Something went wrong on our side. Tell the academic office the request_id."),
    503: _l("Something that the portal needs is away. Try again in a moment."),
}


def error_answer(
    status: int,
    details: Sequence[str] = (),
    fields: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer for a status; `details` are sentences, `fields` the same by the name of the input at fault."""
    known = status if status in _TITLES else (500 if status >= HTTPStatus.INTERNAL_SERVER_ERROR else 400)
    body = {
        "error": str(_TITLES[known]),
        "details": list(details) or [str(_DETAILS[known])],
        "fields": {name: list(said) for name, said in (fields or {}).items()},
        "request_id": g.get("request_id"),
    }
    answer = Response(json.dumps(body, ensure_ascii=False), status, dict(headers or {}), mimetype="application/json")
    if status == HTTPStatus.UNAUTHORIZED:
        answer.headers.setdefault("WWW-Authenticate", 'Bearer realm="teaching-portal"')
    return answer


def refuse(status: int, *details: str, field: str | None = None, headers: Mapping[str, str] | None = None) -> NoReturn:
    """End the request with an error; `field` names the input at fault."""
    abort(error_answer(status, details, {field: details} if field else None, headers))


def from_refusal(refusal: Refusal) -> Response:
    """The answer to whatever went wrong below `/api`."""
    said = [refusal.message] if refusal.message else []
    if refusal.status == HTTPStatus.NOT_FOUND and not said and request.path.endswith("/"):
        said = [_("Addresses of the API have no slash at the end.")]
    return error_answer(refusal.status, said, {refusal.field: said} if refusal.field else None, refusal.headers)
