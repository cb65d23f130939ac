"""The blueprint that all pages of allocations hang on."""

from flask import Blueprint

bp = Blueprint("allocations", __name__, url_prefix="/allocations")
