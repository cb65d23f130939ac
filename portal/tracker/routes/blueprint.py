"""The blueprints of the weekly logs: filling them in, watching over them, their checklist and reminders, leave."""

from flask import Blueprint

bp = Blueprint("tracker", __name__, url_prefix="/tracker")
watch = Blueprint("compliance", __name__, url_prefix="/compliance")
leave = Blueprint("leave", __name__, url_prefix="/leave")
checklist = Blueprint("checklist", __name__, url_prefix="/checklist")
stages = Blueprint("stages", __name__, url_prefix="/admin/reminders")
