"""Names of the catalogue in the reader's words."""

from flask import Flask
from flask_babel import lazy_gettext as _l

# The modes that come with the portal; an institution's own are shown as it calls them.
_MODES = {
    "In-person": _l("In-person"),
    "Online": _l("Online"),
    "Hybrid": _l("Hybrid"),
    "Self-paced": _l("Self-paced"),
}


def init_words(app: Flask) -> None:
    """Give templates the filter `mode_name`."""
    app.jinja_env.filters["mode_name"] = mode_name


def mode_name(name: str) -> str:
    """A mode of teaching in the reader's language, if it came with the portal; else as it is called."""
    return str(_MODES.get(name, name))
