"""Which errors an operation can answer with: most follow from who may ask and from what is sent."""

from collections.abc import Mapping

from werkzeug.routing import Rule

from portal.api.operations import Operation

MEANINGS: Mapping[int, str] = {
    304: "What you have is what there is",
    400: "The body or the query is malformed or breaks a rule; `fields` names the members",
    401: "No token, or one that does not hold",
    403: "Your role, or the scope of your token, does not allow this",
    404: "There is no such thing, or it is not yours to see",
    409: "A duplicate, or somebody was here first: read it again",
    413: "The body is larger than 768 KB",
    415: "Anything but JSON",
    422: "The `Idempotency-Key` was used for another request",
    429: "Too often; `Retry-After` says when to come again",
    503: "Something that the portal needs is away; `Retry-After` says when to come again",
}


def errors_of(rule: Rule, method: str, operation: Operation) -> list[int]:
    """The statuses of errors, in order."""
    # What needs no token reads the one that is sent, and some of it signs in.
    found = {400, 401, 403, 429, 503, *operation.errors}
    if rule.arguments:
        found.add(404)
    if method == "GET":
        found.add(304)
    else:
        found |= {409, 413}
    if operation.body is not None:
        found.add(415)
    if method == "POST":
        found.add(422)
    return sorted(found)
