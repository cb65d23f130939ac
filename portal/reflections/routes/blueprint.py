"""The blueprint of reflections."""

from flask import Blueprint

bp = Blueprint("reflections", __name__, url_prefix="/reflections")
ONE = "/<int(max=2147483647):round_id>"
