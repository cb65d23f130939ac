"""Examples for the document: each made from the schema that validates, so that none can be wrong for long."""

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_PREFIX = "#/components/schemas/"
# What members of a name usually hold; anything else follows from its type.
_USUAL: Mapping[str, Any] = {
    "email": "jane.smith@example.org",
    "password": "seven quiet harbours",
    "current_password": "eight loud harbours",
    "new_password": "seven quiet harbours",
    "first_name": "Jane",
    "last_name": "Smith",
    "title": "Dr",
    "time_zone": "Africa/Kigali",
    "employee_id": "FAC001",
    "student_number": "S2026001",
    "specialization": "Web Development",
    "department": "Computer Science",
    "token": "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…",
    "refresh_token": "OgnQ1x0vN8rJq2sY5tKd7wPzLmAbCfEhGiUjXoRy4Ts",
    "expires_in": 86400,
    "message": "You are signed in.",
    "code": "CS101",
    "name": "Introduction to Programming",
    "credits": 3,
    "academic_year": 2026,
    "trimester": 3,
    "intake_period": "FT",
    "start_date": "2026-09-07",
    "end_date": "2026-12-18",
    "week_start": "2026-10-05",
    "max_students": 30,
    "week_number": 5,
    "notes": "Good participation this week",
    "attendance": [True, True, False, True, True],
    "version": 1,
    "reason": "Covers for a colleague",
    "url": "https://hooks.example.org/portal",
    "summary": "Variables, loops, functions.",
}


def example_of(schema: Schema, schemas: Mapping[str, Schema], name: str = "") -> Any:
    """A value that the schema lets through."""
    if "$ref" in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_PREFIX)], schemas, name)
    chosen = [schema["const"]] if "const" in schema else schema.get("examples") or schema.get("enum")
    if chosen:
        usual = _USUAL.get(name)
        return usual if usual in chosen else chosen[0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], schemas, name)
    if name in _USUAL and schema.get("type") == _TYPES[type(_USUAL[name])]:
        return _USUAL[name]
    return _by_type(schema, schemas, name)


_TYPES = {str: "string", int: "integer", list: "array"}


def _by_type(schema: Schema, schemas: Mapping[str, Schema], name: str) -> Any:
    kind = schema.get("type")
    if kind == "object":
        members = schema.get("properties", {})
        return {member: example_of(of, schemas, member) for member, of in members.items() if not of.get("deprecated")}
    if kind == "array":
        return [example_of(schema.get("items", {}), schemas, name)]
    if kind == "string":
        formats = {"date": "2026-09-07", "date-time": "2026-10-14T12:00:00Z"}
        return formats.get(schema.get("format", ""), "x" * schema.get("minLength", 0) or "Text")
    return {"integer": max(1, schema.get("minimum", 1)), "number": 1.0, "boolean": True, "null": None}.get(kind or "")
