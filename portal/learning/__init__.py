"""Lessons, their files, and how far students have come."""

from flask import Flask

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.learning.queries.personal import SECTIONS
from portal.learning.services.forgetting import forget_answers
from portal.learning.storage import open_storage


def init_app(app: Flask) -> None:
    """Open the storage, register pages, and what is known and forgotten of a person."""
    app.extensions["portal_storage"] = open_storage(app.config["PORTAL"])
    for name, read in SECTIONS.items():
        personal_data.register(name, read)
    person_left.connect(_forget)


def _forget(_sender: object, former: Former) -> None:
    forget_answers(former.user_id)
