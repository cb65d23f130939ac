"""OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1) from the addresses, the guards and the models of the operations."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Flask
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from werkzeug.routing import Rule

from portal.api.document.errors import MEANINGS, errors_of
from portal.api.document.examples import example_of
from portal.api.document.frame import ERROR, frame, headers_of, parameters_of
from portal.api.operations import Operation, declared_operation
from portal.api.schemas.errors import ErrorShown
from portal.api.scopes import scope_of
from portal.roles import Role
from portal.web.access import declared_audience, declared_owner

Json = dict[str, Any]
_REF = "#/components/schemas/{model}"


@dataclass(frozen=True, slots=True)
class Described:
    """An operation where it hangs."""

    rule: Rule
    method: str
    operation: Operation
    audience: frozenset[Role]
    owner: str
    text: str

    @property
    def path(self) -> str:
        """The address as OpenAPI writes it, below the base."""
        return re.sub(r"<(?:[^:<>]*:)?([^<>]+)>", r"{\1}", self.rule.rule.removeprefix("/api"))

    @property
    def name(self) -> str:
        """What a generated client calls it."""
        return str(self.rule.endpoint).rpartition(".")[2]


def described(app: Flask) -> list[Described]:
    """Every operation of the API, by address."""
    return sorted(_described(app), key=lambda one: (one.path, one.method))


def _described(app: Flask) -> Iterator[Described]:
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        operation = declared_operation(view)
        if operation is None or not rule.rule.startswith("/api/"):
            continue
        audience, owner = declared_audience(view) or frozenset(), declared_owner(view) or ""
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield Described(rule, method, operation, audience, owner, (view.__doc__ or "").strip())


def build_document(app: Flask) -> Json:
    """The whole document."""
    found = described(app)
    schemas, refs = _schemas(found)
    paths: Json = {}
    for one in found:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, found, schemas, refs)
    return frame(app.config["PORTAL"].portal_name) | {
        "paths": paths,
        "components": frame("")["components"] | {"schemas": schemas},
    }


def _schemas(found: list[Described]) -> tuple[Json, Mapping[tuple[str, str], Json]]:
    """All schemas by name, and for each operation the schemas of its body and its answer."""
    wanted: list[Any] = [(("", "error"), "serialization", TypeAdapter(ErrorShown).core_schema)]
    for one in found:
        if one.operation.body is not None:
            wanted.append(((one.name, "body"), "validation", TypeAdapter(one.operation.body).core_schema))
        if one.operation.answer is not None:
            wanted.append(((one.name, "answer"), "serialization", TypeAdapter(one.operation.answer).core_schema))
    refs, schemas = GenerateJsonSchema(ref_template=_REF).generate_definitions(wanted)
    return {str(name): of for name, of in schemas.items()}, {key: ref for (key, _mode), ref in refs.items()}


def _operation(one: Described, found: list[Described], schemas: Json, refs: Mapping[tuple[str, str], Json]) -> Json:
    scope = scope_of(one.rule.rule, one.method)
    said: Json = {
        "operationId": one.name,
        "tags": [one.path.split("/")[1]],
        "summary": one.operation.summary,
        "description": _description(one, scope),
        "parameters": parameters_of(
            one.rule, one.method, one.operation, is_public=not one.audience, is_read=_is_read(one, found)
        ),
        "responses": {str(one.operation.status): _answer(one, found, schemas, refs)},
        "security": [{"bearer": []}] if one.audience else [{}, {"bearer": []}],
    }
    if one.operation.body is not None:
        shape = refs[one.name, "body"]
        content = {"schema": shape, "example": example_of(shape, schemas)}
        said["requestBody"] = {"required": _needs_body(shape, schemas), "content": {"application/json": content}}
    for status in errors_of(one.rule, one.method, one.operation):
        said["responses"][str(status)] = _error(status)
    return said


def _is_read(one: Described, found: list[Described]) -> bool:
    """Whether what is written there can be read there, and so has a tag."""
    return any(other.path == one.path and other.method == "GET" for other in found)


def _description(one: Described, scope: str | None) -> str:
    who = ", ".join(sorted(f"{role.value}s" for role in one.audience)) if one.audience else "everyone"
    if one.audience == frozenset(Role):
        who = "whoever is signed in"
    lines = [one.text, f"For {who}.", f"What is in reach: {one.owner}." if one.owner else ""]
    return "\n\n".join([line for line in lines if line] + ([f"Scope: `{scope}`."] if scope else []))


def _answer(one: Described, found: list[Described], schemas: Json, refs: Mapping[tuple[str, str], Json]) -> Json:
    is_list = one.operation.query is not None and "limit" in one.operation.query.model_fields
    said: Json = {"description": "As asked", "headers": _headers(one, found, is_list=is_list)}
    if one.operation.answer is not None:
        shape = refs[one.name, "answer"]
        said["content"] = {"application/json": {"schema": shape, "example": example_of(shape, schemas)}}
    if one.operation.status == 201 and (links := _links(one, found, schemas, refs)):
        said["links"] = links
    return said


def _headers(one: Described, found: list[Described], *, is_list: bool) -> Json:
    has_tag = one.method == "GET" or (one.method in {"PUT", "PATCH"} and _is_read(one, found))
    return headers_of(one.operation.status, is_list=is_list, has_tag=has_tag)


def _needs_body(shape: Json, schemas: Json) -> bool:
    """Whether anything must be sent: no body at all is read as an empty object."""
    return bool(schemas[shape["$ref"].rpartition("/")[2]].get("required"))


def _links(one: Described, found: list[Described], schemas: Json, refs: Mapping[tuple[str, str], Json]) -> Json:
    """What can be done with a thing that was just made: whatever has its id in the address."""
    shape = refs.get((one.name, "answer"), {})
    if "$ref" in shape and "id" not in schemas[shape["$ref"].rpartition("/")[2]].get("properties", {}):
        return {}
    return {
        other.name: {"operationId": other.name, "parameters": {next(iter(other.rule.arguments)): "$response.body#/id"}}
        for other in found
        if re.fullmatch(re.escape(one.path) + r"/\{\w+\}(/\w+)?", other.path) and len(other.rule.arguments) == 1
    }


def _error(status: int) -> Json:
    if status == 304:
        return {"description": MEANINGS[status]}
    said: Json = {"description": MEANINGS[status], "content": {"application/json": {"schema": ERROR}}}
    if status in {429, 503}:
        said["headers"] = {"Retry-After": {"$ref": "#/components/headers/Retry-After"}}
    if status == 401:
        said["headers"] = {"WWW-Authenticate": {"$ref": "#/components/headers/WWW-Authenticate"}}
    return said
