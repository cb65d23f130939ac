"""What stands around the operations in the document: who made it, security, headers, parameters that many share."""

from typing import Any

from werkzeug.routing import Rule

from portal.api.idempotency import KEY_PATTERN
from portal.api.operations import Operation

Json = dict[str, Any]
ERROR: Json = {"$ref": "#/components/schemas/ErrorShown"}
_TEXT: Json = {"type": "string"}
_NUMBER: Json = {"type": "integer"}
_ID: Json = {"type": "integer", "minimum": 1, "maximum": 2**31 - 1}
_ABOUT = (
    "Bearer tokens only: `POST /auth/login` gives one for a day, and people make long-lived ones with scopes "
    "in their profile. Lists are bare arrays; `X-Total-Count` and `Link` say what else there is. What is wrong is said "
    "in one body for all errors. Names are snake_case, days `YYYY-MM-DD`, moments ISO 8601 in UTC with `Z`. "
    "`facilitator_id` and `student_id` are ids of `/facilitators` and `/students`, not of `/users`; `allocation_id` is "
    "the id of a course offering."
)
_HEADERS: Json = {
    "ETag": ("Of this answer; `If-None-Match` asks whether it is still so, `If-Match` that it still is", _TEXT),
    "Location": ("Where the new thing is", _TEXT),
    "Link": ("The neighbouring pages: first, prev, next, last (RFC 8288)", _TEXT),
    "X-Total-Count": ("How many there are", _NUMBER),
    "X-Request-ID": ("What to name when you ask about this request", _TEXT),
    "RateLimit-Limit": ("How many requests are allowed", _NUMBER),
    "RateLimit-Remaining": ("How many are left", _NUMBER),
    "RateLimit-Reset": ("In how many seconds they are there again", _NUMBER),
    "Retry-After": ("In how many seconds to ask again", _NUMBER),
    "WWW-Authenticate": ("How to sign in (RFC 6750)", _TEXT),
}
_PARAMETERS: Json = {
    "IfNoneMatch": ("If-None-Match", "The `ETag` of what you have: 304 if that is what there is", _TEXT),
    "IfMatch": ("If-Match", "The `ETag` of what you read: 409 if somebody has changed it since", _TEXT),
    "IdempotencyKey": (
        "Idempotency-Key",
        "A key of your own, best a UUID: the same request sent again with it within 24 hours is not done again, "
        "but answered as the first time",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": KEY_PATTERN},
    ),
}


def frame(name: str) -> Json:
    """The document without its paths and schemas."""
    return {
        "openapi": "3.1.0",
        "info": {"title": name, "version": "1.0.0", "description": _ABOUT,
                 "license": {"name": "MIT", "identifier": "MIT"}},
        "servers": [{"url": "/api"}],
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT or personal token"}
            },
            "headers": {name: {"description": text, "schema": of} for name, (text, of) in _HEADERS.items()},
            "parameters": {
                key: {"name": called, "in": "header", "required": False, "description": text, "schema": of}
                for key, (called, text, of) in _PARAMETERS.items()
            },
        },
    }  # fmt: skip


def headers_of(status: int, *, is_list: bool, has_tag: bool) -> Json:
    """The headers of a good answer."""
    names = ["X-Request-ID", "RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]
    names += ["ETag"] if has_tag else []
    names += ["Location"] if status == 201 else []
    names += ["X-Total-Count", "Link"] if is_list else []
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameters_of(rule: Rule, method: str, operation: Operation, *, is_public: bool, is_read: bool) -> list[Json]:
    """Ids in the address, what the query may hold, and headers; `If-Match` where the same address `is_read`."""
    found: list[Json] = [
        {"name": name, "in": "path", "required": True, "schema": _ID, "example": 1}
        for name in sorted(rule.arguments)
    ]  # fmt: skip
    if operation.query is not None:
        schema = operation.query.model_json_schema()
        kept = schema.get("$defs", {})
        found += [
            {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": _plain(of, kept)}
            for name, of in schema["properties"].items()
        ]
    shared = {"GET": "IfNoneMatch", "POST": None if is_public else "IdempotencyKey"}.get(
        method, "IfMatch" if is_read else None
    )
    return found + ([{"$ref": f"#/components/parameters/{shared}"}] if shared else [])


def _plain(schema: Json, kept: Json) -> Json:
    """A schema of a parameter by itself: there is no null in an address."""
    if "$ref" in schema:
        found = dict(kept[schema["$ref"].rpartition("/")[2]])
        return {**found, **({"default": schema["default"]} if schema.get("default") is not None else {})}
    if "anyOf" in schema:
        wanted = [one for one in schema["anyOf"] if one.get("type") != "null"]
        rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default"}}
        return _plain(wanted[0], kept) | rest if len(wanted) == 1 else {"anyOf": [_plain(one, kept) for one in wanted]}
    return {key: value for key, value in schema.items() if key != "title"}
