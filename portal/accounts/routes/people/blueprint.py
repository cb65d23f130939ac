"""The blueprint that the pages of looking after people share."""

from flask import Blueprint

bp = Blueprint("people", __name__, url_prefix="/admin/users")
