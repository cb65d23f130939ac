"""What tests of reflections share: what a page's script sends, and what is stored."""

from sqlalchemy import select

from portal.extensions import db
from portal.reflections.models import ReflectionResponse


def keep(client, found, version=0, **answers):
    """The draft as the script sends it."""
    return client.post(f"/reflections/{found.id}/draft", json={"answers": answers, "version": version})


def send(client, found, version=0, number="a-number", language="en", **answers):
    """The reflection as the script sends it."""
    body = {"answers": answers, "version": version, "number": number, "language": language}
    return client.post(f"/reflections/{found.id}/response", json=body)


def stored(app, found):
    """What was said in a round."""
    with app.app_context():
        wanted = select(ReflectionResponse.body).where(ReflectionResponse.round_id == found.id)
        return list(db.session.scalars(wanted.order_by(ReflectionResponse.id)))
