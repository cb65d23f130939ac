"""Handing out files: whole or in ranges, to whoever may open them, and never as something of the portal's own."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from urllib.parse import quote

from flask import Response, abort, request
from werkzeug.http import unquote_etag

from portal import clock
from portal.folding import fold
from portal.learning.models import FileKind
from portal.learning.queries.files import FileFound, find_file
from portal.learning.routes.blueprint import files as bp
from portal.learning.routes.common import not_found, storage, viewer
from portal.web.access import owned, public

_SHOWN = frozenset({FileKind.PICTURE, FileKind.AUDIO, FileKind.VIDEO, FileKind.PDF})
_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
# A sandbox keeps browsers from showing PDF at all; what runs in one runs apart from the page anyway.
_PDF_POLICY = "default-src 'none'; object-src 'self'; plugin-types application/pdf; frame-ancestors 'none'"
_MINUTES = 300


@bp.get("/<id:file_id>/<name>")
@public
@owned("whoever may read what the file belongs to: a lesson, or the page of a course")
def deliver(file_id: int, name: str) -> Response:
    """A file; `name` is for people who look at the address."""
    file = find_file(file_id, viewer(), clock.now()) or not_found()
    etag = f"{file.key[:20]}-{file.size}"
    if etag in request.if_none_match:
        return _finished(Response(status=HTTPStatus.NOT_MODIFIED), file, etag)
    start, end, status = _wanted(file, etag)
    if status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
        answer = Response(status=status, headers={"Content-Range": f"bytes */{file.size}"})
        return _finished(answer, file, etag)
    answer = Response(_content(file, start, end), status, mimetype=file.media_type)
    answer.content_length = end - start
    if status == HTTPStatus.PARTIAL_CONTENT:
        answer.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    return _finished(answer, file, etag)


def _wanted(file: FileFound, etag: str) -> tuple[int, int, HTTPStatus]:
    """Which bytes are asked for. Several ranges at once, or one of another version, are answered with all of them."""
    asked = request.range
    tag = unquote_etag(request.headers.get("If-Range"))[0] if "If-Range" in request.headers else etag
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1 or tag != etag:
        return 0, file.size, HTTPStatus.OK
    found = asked.range_for_length(file.size)
    if found is None:
        return 0, 0, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
    return found[0], found[1], HTTPStatus.PARTIAL_CONTENT


def _content(file: FileFound, start: int, end: int) -> Iterator[bytes]:
    """The bytes, a part at a time; the first is read at once, so that a storage that is away is said in the answer."""
    if request.method == "HEAD":
        return iter(())
    parts = storage().read(file.key, file.part_size, start, end)
    try:
        return chain([next(parts, b"")], parts)
    except FileNotFoundError:
        not_found()
    except Exception:  # whatever keeps the storage from answering
        abort(HTTPStatus.SERVICE_UNAVAILABLE)


def _finished(answer: Response, file: FileFound, etag: str) -> Response:
    way = "inline" if file.kind in _SHOWN else "attachment"
    plain = "".join(letter if letter.isascii() and letter not in '"\\' else "_" for letter in fold(file.name)) or "file"
    answer.set_etag(etag)
    answer.headers["Content-Disposition"] = f"{way}; filename=\"{plain}\"; filename*=UTF-8''{quote(file.name, safe='')}"
    answer.headers["Content-Security-Policy"] = _PDF_POLICY if file.kind is FileKind.PDF else f"sandbox; {_POLICY}"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Cache-Control"] = f"private, max-age={_MINUTES}, must-revalidate"
    answer.headers["Vary"] = "Cookie"
    return answer
