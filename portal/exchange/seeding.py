"""Reference and demo data as numbered steps that go up and down: a second Alembic environment in `seeds/`.

Which steps are in stands in `seed_versions`; when each went in or out is in the audit log. All of it happens in the
caller's transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from flask import current_app
from sqlalchemy import delete, func, insert, inspect, select
from sqlalchemy.exc import IntegrityError

from portal.audit.models import AuditEvent
from portal.audit.services import System, record
from portal.database import IN_PLACE
from portal.errors import Conflict, lazy
from portal.exchange.models import SeedVersion
from portal.extensions import db
from portal.pulses import VIEWS, Pulse

if TYPE_CHECKING:
    from alembic.config import Config
    from alembic.runtime.migration import MigrationInfo
    from alembic.script import ScriptDirectory

DEMO = "demo"
UP, DOWN = "seed_up", "seed_down"
_ENTITY = "seeds"
_FOLDER = Path(__file__).resolve().parent.parent.parent / "seeds"


@dataclass(frozen=True, slots=True)
class Seed:
    """A step: its number, the branch it belongs to, what it brings in, whether it is in, and since when if known."""

    number: str
    branch: str
    title: str
    is_in: bool
    since: datetime | None

    @property
    def before(self) -> str:
        """What is left of the branch without this step, in Alembic's words."""
        below = _script().get_revision(self.number).down_revision
        return str(below) if below else f"{self.branch}@base"


def list_seeds() -> list[Seed]:
    """Every step, by number. Raises Conflict where the tables are not up to date."""
    if not inspect(db.session.connection()).has_table(SeedVersion.__tablename__):
        raise Conflict(lazy("The tables are not up to date. Run: flask --app wsgi db upgrade"))
    heads = db.session.scalars(select(SeedVersion.version_num)).all()
    script, since = _script(), _since()
    there = {step.revision for head in heads for step in script.iterate_revisions(head, "base")}
    steps = sorted(script.walk_revisions(), key=lambda step: step.revision)
    return [
        Seed(
            step.revision,
            min(step.branch_labels),
            step.doc.rstrip("."),
            step.revision in there,
            since.get(int(step.revision)) if step.revision in there else None,
        )
        for step in steps
    ]


def _since() -> Mapping[int, datetime]:
    latest = (
        select(AuditEvent.entity_id, func.max(AuditEvent.created_at))
        .where(AuditEvent.entity == _ENTITY, AuditEvent.action == UP)
        .group_by(AuditEvent.entity_id)
    )
    return {int(number): moment for number, moment in db.session.execute(latest)}


def bring_in(seed: Seed) -> None:
    """Run a step, after those of its branch that come before it."""
    from alembic import command

    _take_turns()
    command.upgrade(_config(), seed.number)


def take_back(seed: Seed) -> None:
    """Take a step out again, and those of its branch that came after it."""
    from alembic import command

    _take_turns()
    command.downgrade(_config(), seed.before)


def _take_turns() -> None:
    """Wait for whoever runs steps just now: what they did is there then. A row that hardly anybody waits for."""
    db.session.execute(select(Pulse.value).where(Pulse.subject == VIEWS).with_for_update())


def note_demo(*, is_in: bool) -> None:
    """The demo institution was loaded or cleared without its step: note it as if by the step."""
    from alembic import command

    command.stamp(_config(), f"{DEMO}@{'head' if is_in else 'base'}")


def note_step(*, step: "MigrationInfo", **_given: Any) -> None:
    """Alembic did a step: leave an audit row of it."""
    for number in step.up_revision_ids:
        record(System(), UP if step.is_upgrade else DOWN, _ENTITY, int(number))


def fill(model: Any, key: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Add those rows whose key the table does not have."""
    known = set(db.session.scalars(select(getattr(model, key))))
    if missing := [dict(row) for row in rows if row[key] not in known]:
        db.session.execute(insert(model), missing)


def take_out(model: Any, key: str, keys: Sequence[str]) -> None:
    """Delete rows by their keys. Raises Conflict when one of them is used."""
    try:
        with db.session.begin_nested():
            gone = delete(model).where(getattr(model, key).in_(keys))
            db.session.execute(gone, execution_options=IN_PLACE)
    except IntegrityError as error:
        raise Conflict(lazy("This is used: it can be retired, but not deleted.")) from error


def reference() -> ModuleType:
    """The module that holds what every institution starts from: the migration that first put it in."""
    from alembic.script import ScriptDirectory

    migrations = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    found: ModuleType = migrations.get_revision("0002").module
    return found


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


@cache
def _script() -> "ScriptDirectory":
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(_config())
