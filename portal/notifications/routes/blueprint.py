"""The blueprints of notifications: what people are told, and what became of the messages."""

from flask import Blueprint

bp = Blueprint("notifications", __name__, url_prefix="/notifications")
log = Blueprint("deliveries", __name__, url_prefix="/admin/deliveries")
