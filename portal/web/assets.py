"""Addresses of static files that change with their content, so that browsers may keep them for a year."""

import hashlib
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request, url_for

_YEAR = 365 * 24 * 3600
_TEXTS = frozenset({"text/css", "text/javascript", "image/svg+xml"})


def init_assets(app: Flask) -> None:
    """Give templates `static_url(name)` and let versioned files be cached for good."""
    app.jinja_env.globals["static_url"] = static_url
    app.after_request(_cache_versioned)


def static_url(name: str) -> str:
    """The address of a static file with a hash of its content."""
    return url_for("static", filename=name, v=_hash_of(name))


def _hash_of(name: str) -> str:
    return _version(current_app.static_folder or "", name, _stamp(name))


def _stamp(name: str) -> int:
    # While developing, a changed file gets a new hash without a restart.
    return (Path(current_app.static_folder or "") / name).stat().st_mtime_ns if current_app.debug else 0


@lru_cache(maxsize=512)
def _version(folder: str, name: str, stamp: int) -> str:
    return hashlib.sha256((Path(folder) / name).read_bytes()).hexdigest()[:10]


def _cache_versioned(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code != HTTPStatus.OK:
        return response
    if response.mimetype in _TEXTS:
        _read_whole(response)
    # Only under the hash of what this process has: while a new version is brought out, an old one is asked as well.
    if request.args.get("v") == _hash_of((request.view_args or {})["filename"]):
        response.cache_control.max_age = _YEAR
        response.cache_control.public = True
        response.cache_control.immutable = True
        response.cache_control.no_cache = None
    return response


def _read_whole(response: Response) -> None:
    """Take a text file into the answer, so that it can be compressed; fonts and pictures are streamed as they are."""
    streamed: Any = response.response
    response.direct_passthrough = False
    response.set_data(b"".join(streamed))
    streamed.close()
