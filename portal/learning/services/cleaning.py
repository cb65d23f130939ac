"""Files that nobody keeps any more, and uploads that never ended."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from portal.extensions import db
from portal.learning.models import FileState, StoredFile
from portal.learning.storage import Storage
from portal.learning.uses import is_kept

# Time enough to go on with an upload tomorrow, or to put a file back that was removed by mistake.
_UNUSED_FOR = timedelta(hours=24)
_AT_ONCE = 100


def mark_unkept(now: datetime) -> int:
    """Mark files that nobody keeps, so that nobody can begin to; gives how many. Commit before `delete_marked`."""
    unkept = (
        select(StoredFile.id)
        .where(StoredFile.state != FileState.LEAVING, StoredFile.updated_at < now - _UNUSED_FOR)
        .where(or_(StoredFile.state == FileState.ARRIVING, ~is_kept()))
        .limit(_AT_ONCE)
    )
    ids = list(db.session.scalars(unkept))
    if ids:
        leaving = update(StoredFile).where(
            StoredFile.id.in_(ids), or_(StoredFile.state == FileState.ARRIVING, ~is_kept())
        )
        db.session.execute(leaving.values(state=FileState.LEAVING).execution_options(synchronize_session=False))
    return len(ids)


def delete_marked(storage: Storage) -> int:
    """Delete what is marked, content first; gives how many. Whoever is killed meanwhile leaves the rest to the next."""
    marked = select(StoredFile.id, StoredFile.key).where(StoredFile.state == FileState.LEAVING).limit(_AT_ONCE)
    rows = db.session.execute(marked).all()
    for row in rows:
        storage.delete(row.key)
    db.session.execute(delete(StoredFile).where(StoredFile.id.in_([row.id for row in rows])))
    return len(rows)
