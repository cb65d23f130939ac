"""Files that nobody keeps any more, and uploads that never ended."""

from datetime import datetime, timedelta

from sqlalchemy import delete, or_, select, update

from portal.database import IN_PLACE
from portal.extensions import db
from portal.learning.models import FileState, StoredFile
from portal.learning.storage import Storage
from portal.learning.uses import is_kept

# Time enough to go on with an upload tomorrow, or to put a file back that was removed by mistake.
_UNUSED_FOR = timedelta(hours=24)
_AT_ONCE = 100


def mark_unkept(now: datetime) -> int:
    """Mark files that nobody keeps, so that nobody can begin to; gives how many. Commit before `delete_marked`.

    Whoever begins to keep a file holds its row (`hold_files`): such a one is left to the next time.
    """
    old = (StoredFile.state != FileState.LEAVING, StoredFile.updated_at < now - _UNUSED_FOR)
    unkept = (*old, or_(StoredFile.state == FileState.ARRIVING, ~is_kept()))
    held = select(StoredFile.id).where(*unkept).order_by(StoredFile.id).limit(_AT_ONCE)
    ids = list(db.session.scalars(held.with_for_update(skip_locked=True, of=StoredFile)))
    if not ids:
        return 0
    # Asked again now that the rows are held: what was kept a moment ago was not seen before.
    leaving = update(StoredFile).where(StoredFile.id.in_(ids), *unkept).values(state=FileState.LEAVING)
    return db.write(leaving, execution_options=IN_PLACE)


def delete_marked(storage: Storage) -> int:
    """Delete what is marked, content first; gives how many. Whoever is killed meanwhile leaves the rest to the next."""
    marked = select(StoredFile.id, StoredFile.key).where(StoredFile.state == FileState.LEAVING).limit(_AT_ONCE)
    rows = db.session.execute(marked).all()
    for row in rows:
        storage.delete(row.key)
    db.session.execute(delete(StoredFile).where(StoredFile.id.in_([row.id for row in rows])))
    return len(rows)
