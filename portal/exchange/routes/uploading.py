"""The history of imports, and where a new one begins."""

from flask import request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as BaseResponse

from portal.errors import DomainError
from portal.exchange import queries
from portal.exchange.readers import MOST_BYTES
from portal.exchange.routes.blueprint import bp
from portal.exchange.services import parts, runs
from portal.exchange.words import VERDICTS
from portal.exchange.works import imports_folder
from portal.extensions import db
from portal.paging import Cursor, PageRequest
from portal.roles import Role
from portal.web.access import actor, audience
from portal.web.errors import Answer, error_page
from portal.web.htmx import redirect_or_hx
from portal.web.pages import page
from portal.web.requests import takes_bodies_of

# Several files of the largest size; whoever has more sends them in turn.
MOST_TOGETHER = 3 * MOST_BYTES
_MEGABYTE = 1 << 20


@bp.get("/")
@audience(Role.MANAGER, Role.ADMIN)
def index() -> str:
    """What was imported so far, and a form for more."""
    return _page()


def _page(error: str = "") -> str:
    found = queries.page_of_runs(
        PageRequest("newest", descending=True, cursor=Cursor.decode(request.args.get("after")))
    )
    limits = {"limit": MOST_BYTES // _MEGABYTE, "together": MOST_TOGETHER // _MEGABYTE, "most": parts.MOST_FILES}
    return page("exchange/page.html", found=found, verdicts=VERDICTS, error=error, **limits)


@bp.post("/")
@audience(Role.MANAGER, Role.ADMIN)
@takes_bodies_of(MOST_TOGETHER + _MEGABYTE)
def upload() -> tuple[str, int] | BaseResponse:
    """Keep the files that were sent, under names of our own, and go on to how they are read."""
    sent = [one for one in request.files.getlist("files") if one.filename]
    try:
        files = [(one.filename or "", one.stream) for one in sent]
        tables = parts.keep_files(files, imports_folder())
    except DomainError as error:
        return _page(str(error)), error.status
    finally:
        for one in sent:
            one.close()
    run_id = runs.open_run(tables, actor())
    db.session.commit()
    return redirect_or_hx(url_for(".reading", run_id=run_id))


@bp.errorhandler(413)
def too_large(_error: RequestEntityTooLarge) -> Answer | BaseResponse:
    """Say how much would have been taken; nothing of the body was read."""
    if request.endpoint != "imports.upload":
        return error_page(413)
    message = _(
        "At most %(limit)s MB a file and %(together)s MB together are taken, so nothing was kept. "
        "Send the files one by one, or divide the largest.",
        limit=MOST_BYTES // _MEGABYTE,
        together=MOST_TOGETHER // _MEGABYTE,
    )
    return error_page(413, message)
