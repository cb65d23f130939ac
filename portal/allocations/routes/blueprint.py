"""The blueprint of all pages of allocations."""

from flask import Blueprint

bp = Blueprint("allocations", __name__, url_prefix="/allocations")
