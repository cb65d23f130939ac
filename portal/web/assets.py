"""Static files under names that change with their content, so that browsers may keep them for good.

`css/tokens.css` is asked for as `css/tokens.1f0c3a9b2e.css`. No step has to be taken for that: each process knows the
names of what it has. `flask assets build` writes the same files, compressed beforehand, into a folder from which
WhiteNoise (or nginx) answers; where nobody built them, Flask answers from the sources.
"""

import gzip
import hashlib
import os
import posixpath
import re
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, current_app, send_from_directory, url_for

from portal import clock

if TYPE_CHECKING:
    from wsgiref.headers import Headers

_HOUR = 3600
_YEAR = 365 * 24 * _HOUR
# Files of earlier versions are still asked for by pages that are open.
_KEPT_SECONDS = 30 * 24 * _HOUR
_TEXTS = frozenset({".css", ".js", ".svg"})
_LARGE = 500_000
_HASHED = re.compile(r"(?P<stem>.+)\.(?P<hash>[0-9a-f]{10})(?P<kind>\.\w+)", re.ASCII)
_REFERENCE = re.compile(rb'(?<=url\(")(?![^"]*:)[^"?#]+(?="\))')
_CHARSET = b'@charset "UTF-8";'
_IMPORT = re.compile(rb'@import url\("(?P<name>[^":?#]+)"\)(?: layer\((?P<layer>[\w-]+)\))?;')
_KEY = "portal_assets"


class Assets:
    """The static files of a folder; `watched` ones are looked at again when they change."""

    def __init__(self, folder: Path, *, watched: bool) -> None:
        self._folder = folder
        self._watched = watched
        self._known: dict[str, tuple[int, str]] = {}

    def name_of(self, name: str) -> str:
        """The name with a hash of the content. Raises OSError when there is no such file."""
        known = self._known.get(name)
        if known and not self._watched:
            return known[1]
        stamp = max((self._folder / part).stat().st_mtime_ns for part in self._parts_of(name))
        if known is None or known[0] != stamp:
            stem, kind = posixpath.splitext(name)
            digest = hashlib.sha256(self.content_of(name)).hexdigest()[:10]
            known = self._known[name] = (stamp, f"{stem}.{digest}{kind}")
        return known[1]

    def content_of(self, name: str) -> bytes:
        """What is answered under a name: style sheets hold those that they import, and name others by their hashes."""
        if not name.endswith(".css"):
            return (self._folder / name).read_bytes()
        home = posixpath.dirname(name)

        def named(found: re.Match[bytes]) -> bytes:
            return posixpath.relpath(self.name_of(found[0].decode()), home or ".").encode()

        return _REFERENCE.sub(named, self._whole(name))

    def list_names(self) -> list[str]:
        """Every file of the folder."""
        found = (path for path in self._folder.rglob("*.*") if path.is_file())
        return sorted(path.relative_to(self._folder).as_posix() for path in found)

    def _whole(self, name: str) -> bytes:
        """A style sheet with those that it imports in their places; what it refers to is told from the folder's root.

        One file instead of twenty: each that a page asks for keeps one of few connections busy.
        """

        def content(found: re.Match[bytes]) -> bytes:
            whole = self._whole(found["name"].decode()).removeprefix(_CHARSET)
            return b"@layer %s {%s}" % (found["layer"], whole) if found["layer"] else whole

        return _IMPORT.sub(content, self._rooted(name))

    def _rooted(self, name: str) -> bytes:
        home = posixpath.dirname(name)

        def rooted(found: re.Match[bytes]) -> bytes:
            return posixpath.normpath(posixpath.join(home, found[0].decode())).encode()

        return _REFERENCE.sub(rooted, (self._folder / name).read_bytes())

    def _parts_of(self, name: str) -> list[str]:
        """A file and those that it imports."""
        imported = _IMPORT.finditer(self._rooted(name)) if name.endswith(".css") else ()
        return [name, *(part for found in imported for part in self._parts_of(found["name"].decode()))]


def init_assets(app: Flask) -> None:
    """Give templates `static_url(name)`, and answer for static files; what was built goes by without Flask."""
    app.extensions[_KEY] = Assets(Path(app.static_folder or ""), watched=app.debug)
    app.jinja_env.globals["static_url"] = static_url
    app.view_functions["static"] = _answer
    folder = app.config["PORTAL"].static_folder()
    if not app.debug and folder.is_dir():
        from whitenoise import WhiteNoise

        app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
            app.wsgi_app, folder, app.static_url_path, max_age=_HOUR, allow_all_origins=False,
            immutable_file_test=_HASHED.pattern + "$", add_headers_function=_add_headers,
        )  # fmt: skip


def static_url(name: str) -> str:
    """The address of a static file with a hash of its content."""
    assets: Assets = current_app.extensions[_KEY]
    return url_for("static", filename=assets.name_of(name))


def build(app: Flask) -> int:
    """Write every static file under its hashed name, texts compressed as well, and say how many there are."""
    assets, folder = Assets(Path(app.static_folder or ""), watched=False), app.config["PORTAL"].static_folder()
    built = [(assets.name_of(name), name) for name in assets.list_names()]
    for hashed, name in built:
        _write(folder / hashed, assets.content_of(name))
    _forget_old(folder, {hashed for hashed, _ in built})
    return len(built)


def _answer(filename: str) -> Response:
    assets: Assets = current_app.extensions[_KEY]
    found = _HASHED.fullmatch(filename)
    name = f"{found['stem']}{found['kind']}" if found else filename
    response = send_from_directory(current_app.static_folder or "", name, max_age=_HOUR)
    if Path(name).suffix in _TEXTS and response.status_code == HTTPStatus.OK:
        _put_text(response, assets.content_of(name))
    if found and assets.name_of(name) == filename:
        response.cache_control.immutable = True
        response.cache_control.max_age = _YEAR
    elif found:
        # While a new version is brought out, an old process is asked for the new name: that answer must not stay.
        response.cache_control.max_age = 0
    response.cache_control.public = True
    response.cache_control.no_cache = None
    return response


def _put_text(response: Response, content: bytes) -> None:
    """Take a text into the answer, so that it can be compressed; fonts and pictures are streamed as they are."""
    streamed: Any = response.response
    response.direct_passthrough = False
    response.set_data(content)
    streamed.close()


def _add_headers(headers: "Headers", _path: str, _url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"


def _write(path: Path, content: bytes) -> None:
    """Write a file and its compressed forms, the file itself last: whoever sees it finds the others."""
    if path.exists():
        path.touch()
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix in _TEXTS:
        import brotli

        # One more would take twice as long, for half a percent.
        quality = 9 if len(content) > _LARGE else 10
        _replace(path.with_name(f"{path.name}.br"), brotli.compress(content, quality=quality))
        _replace(path.with_name(f"{path.name}.gz"), gzip.compress(content, 9, mtime=0))
    _replace(path, content)


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(path)


def _forget_old(folder: Path, present: set[str]) -> None:
    """Files of earlier versions go when they have not been built for a while."""
    oldest = clock.now().timestamp() - _KEPT_SECONDS
    for path in folder.rglob("*.*"):
        name = path.relative_to(folder).as_posix().removesuffix(".br").removesuffix(".gz")
        if path.is_file() and name not in present and path.stat().st_mtime < oldest:
            path.unlink()
