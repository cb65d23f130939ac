"""What the portal answers with."""

from collections.abc import Sequence

from flask import Response

Headers = Sequence[tuple[str, str]]


class Answer(Response):
    """An answer that takes some of its headers as plain pairs, as it leaves.

    Each that goes among the others is looked for, checked and copied, in eighteen calls: eleven of them, the same for
    most answers, took longer than a short one itself. So these must be of our own making and stand nowhere else.
    """

    last: Headers = ()

    def put_last(self, *headers: tuple[str, str]) -> None:
        """Add headers that nobody looks at or changes before the answer leaves."""
        self.last = (*self.last, *headers)

    def get_wsgi_response(self, environ):  # type: ignore[no-untyped-def]
        """What goes to the server: the parts of the body, the status and all headers."""
        parts, status, headers = super().get_wsgi_response(environ)
        return parts, status, [*headers, *self.last]
