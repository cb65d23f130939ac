"""Extensions, created here and bound to the application in `create_app`."""

from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

import structlog
from flask_babel import Babel
from flask_compress import Compress
from flask_limiter.util import get_remote_address
from flask_login import LoginManager
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect
from sqlalchemy import CursorResult, Executable
from sqlalchemy.exc import SQLAlchemyError

from portal.counting import CalmLimiter
from portal.database import listen_to, new_metadata

log = structlog.get_logger()


class Database(SQLAlchemy):
    """The database, whose sessions end whether it is still there or not."""

    def init_app(self, app: Any) -> None:
        """Bind it to an application, whose engines are listened to as far as they need it."""
        super().init_app(app)
        with app.app_context():
            for engine in self.engines.values():
                listen_to(engine)

    def write(self, statement: Executable, *values: Any, **options: Any) -> int:
        """Send an insert, update or delete, as `session.execute` does; gives how many rows it met."""
        done = self.session.execute(statement, *values, **options)
        return cast("CursorResult[Any]", done).rowcount

    def let_go(self) -> None:
        """End the present session. A connection that was lost has undone by itself what was not committed."""
        try:
            if not self.session.registry.has():
                return
            session = self.session()
            if not session.is_active:
                # After a commit that failed, nothing else would undo what it did not keep.
                session.rollback()
            session.close()
            self.session.registry.clear()
        except SQLAlchemyError:
            with suppress(SQLAlchemyError):
                self.session().invalidate()
            # Without this, another context might be given what is left of it.
            self.session.registry.clear()
            log.warning("session_lost")

    def _teardown_session(self, exc: BaseException | None) -> None:
        self.let_go()


db = Database(
    metadata=new_metadata(),
    # What a request has loaded stays loaded after its commit: a fragment must not ask again.
    session_options={"expire_on_commit": False},
)
login_manager = LoginManager()
csrf = CSRFProtect()
babel = Babel()
compress = Compress()
limiter = CalmLimiter(get_remote_address)

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

    class Model(DeclarativeBase):
        """The base of all tables, as the type checker sees it."""
else:
    Model = db.Model
