"""Applications that tests use one after the other: to make one takes longer than most tests do.

What a test did to its application is undone: settings, and what lies in the data folder. Where the test added pages or
hooks, the next one gets a new application.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Config, Flask

from portal.config import Settings
from portal.extensions import db
from portal.learning.storage import open_storage
from portal.ops.logging import configure_logging

# Where Flask keeps what an application consists of.
_PARTS = (
    "after_request_funcs", "before_request_funcs", "blueprints", "error_handler_spec", "shell_context_processors",
    "teardown_appcontext_funcs", "teardown_request_funcs", "template_context_processors", "url_build_error_handlers",
    "url_default_functions", "url_value_preprocessors", "view_functions",
)  # fmt: skip
_TEMPLATES = ("globals", "filters", "tests")


@dataclass
class _Kept:
    """An application, what it was made of, and what it held before its first test."""

    app: Flask
    make_up: dict[str, Any]
    config: dict[str, Any]
    extensions: dict[str, Any]
    lent: bool = field(default=True)


class Lender:
    """The applications of one test process, by what they were made for."""

    def __init__(self) -> None:
        self._kept: dict[Any, _Kept] = {}

    def lend(self, key: Any, folder: Path, build: Callable[[], Flask]) -> Flask | None:
        """The application of a key, as if it were new, on this empty data folder; None while somebody has it."""
        kept = self._kept.get(key)
        if kept is None:
            shutil.rmtree(folder, ignore_errors=True)
            app = build()
            _ = app.name, app.logger, app.jinja_env, app.jinja_loader  # Flask makes them when they are first asked for
            kept = self._kept[key] = _Kept(app, _make_up_of(app), dict(app.config), dict(app.extensions))
            return app
        if kept.lent:
            return None
        kept.lent = True
        _renew(kept)
        return kept.app

    def give_back(self, app: Flask) -> None:
        """Take an application back, if it was one of these; it is lent no more when it is another one by now."""
        for key, kept in self._kept.items():
            if kept.app is app:
                kept.lent = False
                if _make_up_of(app) != kept.make_up:
                    del self._kept[key]
                return


def _renew(kept: _Kept) -> None:
    """What a new application would be like."""
    app = kept.app
    app.config.clear()
    app.config.update(kept.config)
    app.extensions.clear()
    app.extensions.update(kept.extensions)
    app._got_first_request = False
    settings: Settings = app.config["PORTAL"]
    _empty(settings.portal_data_dir)
    configure_logging(settings)
    app.extensions["portal_season"].forget()
    app.extensions["portal_storage"] = open_storage(settings)


def _empty(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _make_up_of(app: Flask) -> dict[str, Any]:
    """All that makes an application answer as it does, but for what `_renew` sets back; two of them can be compared."""
    found: dict[str, Any] = {name: _frozen(getattr(app, name)) for name in _PARTS}
    found |= {f"jinja {name}": _frozen(getattr(app.jinja_env, name)) for name in _TEMPLATES}
    found["commands"] = _frozen(app.cli.commands)
    found["engines"] = _frozen(db._app_engines[app])
    found["rules"] = [_Same(rule) for rule in app.url_map.iter_rules()]
    found["own"] = {name: _Same(value) for name, value in vars(app).items() if name != "_got_first_request"}
    return found


class _Same:
    """Equals only what holds the very same thing."""

    def __init__(self, thing: Any) -> None:
        self._thing = thing

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other._thing is self._thing

    __hash__ = None  # type: ignore[assignment]


def _frozen(thing: Any) -> Any:
    if isinstance(thing, Config):
        return None
    if isinstance(thing, dict):
        # Where Flask looks for something it leaves an empty place.
        return {name: found for name, value in thing.items() if (found := _frozen(value)) != {}}
    if isinstance(thing, list | tuple | set):
        return [_frozen(value) for value in thing]
    return _Same(thing)
