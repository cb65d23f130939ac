"""The component sheet, in development only."""

from flask import Blueprint, render_template

from portal.web.access import public

bp = Blueprint("ui", __name__)


@bp.get("/ui")
@public
def sheet() -> str:
    """Every component in its states."""
    return render_template("ui/sheet.html")
