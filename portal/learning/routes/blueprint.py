"""The blueprints of lessons: a course's lessons, and the files that belong to anything."""

from flask import Blueprint

bp = Blueprint("lessons", __name__, url_prefix="/courses/<id:offering_id>/lessons")
files = Blueprint("files", __name__, url_prefix="/files")
# The address of one lesson below a course's.
LESSON = "/<id:lesson_id>"
