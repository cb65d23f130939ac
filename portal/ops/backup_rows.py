"""Rows of a backup: written alike whichever engine they come from, and read as another one has them."""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table

from portal.extensions import db

MARKS = 1 << 256


def kinds_of(table: Table) -> dict[str, type[Any]]:
    """Columns that MariaDB does not know the kind of: it keeps JSON as text and truth as a number."""
    known = db.metadata.tables.get(table.name)
    columns = () if known is None else known.columns
    kinds = (sa.JSON, sa.Boolean)
    return {column.name: kind for column in columns for kind in kinds if isinstance(column.type, kind)}


def told(value: Any, kind: type[Any] | None) -> Any:
    """A value as every database would tell it."""
    if kind is sa.JSON:
        return json.loads(value) if isinstance(value, str) else value
    return bool(value) if kind is sa.Boolean and value is not None else value


def mark_of_row(row: dict[str, Any]) -> int:
    """A number that stands for one row, whatever the order of its columns."""
    return int(hashlib.sha256(json.dumps(row, default=as_json, sort_keys=True).encode()).hexdigest(), 16)


def mark_of(manifest: dict[str, Any]) -> str:
    """What stands for all rows of a backup: alike for two databases that hold the same. Empty for an older backup."""
    marks = manifest.get("marks")
    return hashlib.sha256(json.dumps(marks, sort_keys=True).encode()).hexdigest()[:16] if marks else ""


def as_json(value: Any) -> Any:
    """A value that JSON has no form for, with the name of its kind."""
    if isinstance(value, datetime):  # PostgreSQL alone keeps parts of a second, where a migration wrote its own time
        return {"$": "datetime", "is": value.replace(microsecond=0).isoformat()}
    if isinstance(value, date):
        return {"$": "date", "is": value.isoformat()}
    if isinstance(value, Decimal):
        return {"$": "Decimal", "is": str(value)}
    if isinstance(value, bytes | memoryview):
        return {"$": "bytes", "is": base64.b64encode(bytes(value)).decode()}
    return str(value)


def from_json(value: dict[str, Any]) -> Any:
    """The value again."""
    if set(value) != {"$", "is"}:
        return value
    read: dict[str, Callable[[str], Any]] = {
        "datetime": datetime.fromisoformat,
        "date": date.fromisoformat,
        "Decimal": Decimal,
        "bytes": base64.b64decode,
    }
    return read[value["$"]](value["is"])


def fitting(value: Any, kind: Any) -> Any:
    """A value as this database has it: MariaDB keeps JSON as text and truth as a number, others do not."""
    if isinstance(kind, sa.JSON):
        return json.loads(value) if isinstance(value, str) else value
    if isinstance(value, dict | list):
        return json.dumps(value)
    return bool(value) if isinstance(kind, sa.Boolean) and isinstance(value, int) else value
