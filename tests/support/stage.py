"""One address for every application that a test process shows to browsers."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

# An empty page, for browsers between two tests. It is as closed off as the portal's pages, so that going there and
# back needs no new process.
EMPTY = "/between-tests"
_EMPTY_HEADERS = [("Content-Type", "text/html"), ("Cross-Origin-Opener-Policy", "same-origin")]
# What looks for faults in pages.
AXE = "/between-tests/axe.js"
AXE_FILE = Path(__file__).parent / "vendor" / "axe.min.js"
_AXE_HEADERS = [("Content-Type", "text/javascript"), ("Cache-Control", "max-age=86400, immutable")]
_PATIENCE = 10.0


class Stage:
    """Serves the application that is on, by threads, on a free port.

    The address stays for a whole run: a browser that has been there keeps the files whose names say what they hold.
    """

    def __init__(self) -> None:
        self._app: Flask | None = None
        self._running = 0
        self._changed = threading.Condition()
        self._server = make_server("127.0.0.1", 0, self, threaded=True, request_handler=_Request)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    @contextmanager
    def show(self, app: Flask) -> Iterator[None]:
        """Have an application on; it is off again when it has answered all that it was asked."""
        self._app = app
        try:
            yield
        finally:
            with self._changed:
                self._app = None
                self._changed.wait_for(lambda: not self._running, _PATIENCE)

    def close(self) -> None:
        """Answer no more."""
        self._server.shutdown()
        self._thread.join(10)
        self._server.server_close()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        if environ["PATH_INFO"] == EMPTY:
            start_response("200 OK", _EMPTY_HEADERS)
            return [b"<!doctype html><html lang='en'><title>-</title>"]
        if environ["PATH_INFO"] == AXE:
            start_response("200 OK", _AXE_HEADERS)
            return [AXE_FILE.read_bytes()]
        app = self._app
        if app is None:
            start_response("503 Service Unavailable", [])
            return []
        return app(environ, start_response)

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Note that a request is being answered."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()


class _Request(WSGIRequestHandler):
    def run_wsgi(self) -> None:
        """Answer it."""
        with self.server.app.answering():  # type: ignore[attr-defined]
            super().run_wsgi()
