"""The blueprint that the pages of one's own account hang on."""

from flask import Blueprint

bp = Blueprint("profile", __name__, url_prefix="/profile")
