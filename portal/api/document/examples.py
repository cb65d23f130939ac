"""Examples for the document: each made from the schema that validates, so that none can be wrong for long."""

from collections.abc import Mapping
from typing import Any

from portal.api.document.usual import ABSENT, OF_MODEL, USUAL

Schema = Mapping[str, Any]
_PREFIX = "#/components/schemas/"


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """A value that the schema lets through."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_PREFIX)], schemas, name)
    chosen = [schema["const"]] if "const" in schema else schema.get("examples") or schema.get("enum")
    if chosen:
        usual = USUAL.get(name)
        return usual if usual in chosen else chosen[0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, name)
    if name in USUAL and schema.get("type") == _TYPES[type(USUAL[name])]:
        return USUAL[name]
    return _by_type(schema, schemas, name)


_TYPES = {str: "string", int: "integer", list: "array"}


def _by_type(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = {key: of for key, of in schema.get("properties", {}).items() if not of.get("deprecated")}
        said = OF_MODEL.get(schema.get("title", ""), {})
        found = {key: example_of(of, schemas, key) for key, of in members.items() if key not in said} | dict(said)
        order = [*members, *(key for key in said if key not in members)]
        return {key: found[key] for key in order if found[key] is not ABSENT}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name)]
    if kind == "string":
        formats = {"date": "2026-09-07", "date-time": "2026-10-14T12:00:00Z"}
        return formats.get(schema.get("format", ""), "x" * schema.get("minLength", 0) or "Text")
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1.0, "boolean": True, "null": None}.get(kind or "")
