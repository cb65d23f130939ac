"""The pages of imports, and of exports of everything."""

from flask import Blueprint

bp = Blueprint("imports", __name__, url_prefix="/imports")
