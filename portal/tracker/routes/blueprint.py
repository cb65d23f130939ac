"""The blueprints of the weekly logs: filling them in, and watching over them."""

from flask import Blueprint

bp = Blueprint("tracker", __name__, url_prefix="/tracker")
watch = Blueprint("compliance", __name__, url_prefix="/compliance")
