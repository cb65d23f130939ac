"""The blueprint of the pages of one's own account."""

from flask import Blueprint

bp = Blueprint("profile", __name__, url_prefix="/profile")
