"""The portal as a server for tests of the lane: an answer says within which request the application gave it.

What the lane gives again names an earlier request than its own.
"""

from flask import Response, g

from portal import create_app

GIVEN_IN = "X-Given-In"
app = create_app()


@app.after_request
def tell(response: Response) -> Response:
    """Say so."""
    response.headers[GIVEN_IN] = g.request_id
    return response
