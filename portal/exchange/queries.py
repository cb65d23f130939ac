"""Reads of the history of imports."""

from typing import Any

from sqlalchemy import select

from portal.accounts.queries.personal_data import list_of
from portal.exchange.models import ImportRun


def list_own_imports(user_id: int) -> list[dict[str, Any]]:
    """The imports that a person carried out, for the document that they may take with them. One statement."""
    wanted = select(ImportRun.created_at, ImportRun.source, ImportRun.skipped_errors, ImportRun.counts)
    return list_of(wanted.where(ImportRun.started_by == user_id).order_by(ImportRun.id))
