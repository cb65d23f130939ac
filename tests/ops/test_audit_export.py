"""The audit as a file: all of it, a line for each field, safe in a spreadsheet."""

import csv
import io
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import insert
from structlog.testing import CapturingLogger

from portal.audit.models import AuditEvent
from portal.audit.services import Change, System, record_many
from portal.extensions import db
from portal.ops.audit_log import exporting, queries


@pytest.fixture
def admin(make: Any, client: Any, sign_in: Any) -> Any:
    person = make.admin(first_name="=1+1", last_name="Okafor")
    sign_in(client, person)
    return person


def rows_of(client: Any, query: str = "") -> list[dict[str, str]]:
    answer = client.get(f"/admin/audit.csv{query}")
    assert answer.mimetype == "text/csv"
    assert "attachment" in answer.headers["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


def test_each_field_is_a_line_and_no_text_is_a_formula(app, client, admin):
    with app.app_context():
        fields = {"title": (None, "=HYPERLINK()"), "bio": ("a\nb", "é"), "departments": ([1], [1, 2])}
        record_many(System(), [Change("update", "users", 5, fields), Change("invite", "users", 6, {})])
        db.session.commit()
    rows = rows_of(client)
    assert [(row["entity_id"], row["field"], row["before"], row["after"]) for row in rows] == [
        ("6", "", "", ""),
        ("5", "title", "", "'=HYPERLINK()"),
        ("5", "bio", "a\nb", "é"),
        ("5", "departments", "[1]", "[1, 2]"),
    ]


def test_it_holds_what_the_filter_lets_through(app, client, admin):
    with app.app_context():
        record_many(System(), [Change("update", "users", 5, {}), Change("create", "modules", 6, {})])
        db.session.commit()
    assert [row["entity"] for row in rows_of(client, "?action=create")] == ["modules"]


def test_who_takes_it_along_stands_in_the_log_and_not_in_the_audit(app, client, admin, monkeypatch):
    with app.app_context():
        record_many(System(), [Change("update", "users", 5, {}), Change("create", "modules", 6, {})])
        db.session.commit()
    log = CapturingLogger()
    monkeypatch.setattr(exporting, "log", log)
    assert len(rows_of(client)) == 2
    broken_off = client.get("/admin/audit.csv?action=create")
    next(broken_off.iter_encoded())
    broken_off.close()
    taken = [call.kwargs for call in log.calls if call.args == ("audit_exported",)]
    assert [(line["user_id"], line["events"], line["whole"], line["narrowed"]) for line in taken] == [
        (admin.user_id, 2, True, False),
        (admin.user_id, 0, False, True),
    ]
    assert len(rows_of(client)) == 2


def test_a_long_audit_comes_whole_and_in_parts(app, client, admin, monkeypatch, count_sql):
    monkeypatch.setattr(queries, "_CHUNK", 100)
    now = datetime(2026, 10, 14, tzinfo=UTC)
    row = {"action": "update", "entity": "users", "changes": {}, "created_at": now, "updated_at": now}
    with app.app_context():
        db.session.execute(insert(AuditEvent), [row | {"entity_id": number} for number in range(1, 951)])
        db.session.commit()
    with count_sql() as sql:
        found = rows_of(client)
    assert [int(row["entity_id"]) for row in found] == list(range(950, 0, -1))
    assert len(sql) == 12
