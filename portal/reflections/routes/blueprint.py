"""The blueprint of reflections."""

from flask import Blueprint

bp = Blueprint("reflections", __name__, url_prefix="/reflections")
ONE = "/<id:round_id>"
