"""Weekly logs: planned from the calendar, filled in by facilitators, watched by managers."""

from collections.abc import Sequence

from flask import Flask

from portal.accounts import personal_data
from portal.allocations.services import offerings_changed
from portal.allocations.services.signals import offerings_leaving
from portal.catalogue.calendar import rules_of
from portal.config.present import present_settings
from portal.tracker import routes
from portal.tracker.alert_words import init_alert_words
from portal.tracker.attendance_words import init_attendance_words
from portal.tracker.deciding_words import init_decisions
from portal.tracker.leave_words import init_leave_words
from portal.tracker.queries import Log
from portal.tracker.queries.personal import SECTIONS
from portal.tracker.reminding import init_reminders
from portal.tracker.replanning import init_replanning
from portal.tracker.services import plan_logs
from portal.tracker.services.low_attendance import tell_of_low_attendance
from portal.tracker.services.planning import delete_untouched_logs
from portal.tracker.services.signals import week_submitted
from portal.tracker.weekly_words import init_weekly_words
from portal.tracker.wish_words import init_wish_words
from portal.tracker.words import init_words


def init_app(app: Flask) -> None:
    """Register pages and reminders, and plan anew whatever changes in course offerings."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(routes.watch)
    app.register_blueprint(routes.items)
    app.register_blueprint(routes.away)
    app.register_blueprint(routes.ladder)
    init_words(app)
    init_reminders(app)
    init_alert_words()
    init_replanning()
    init_decisions()
    init_attendance_words()
    init_leave_words()
    init_weekly_words()
    init_wish_words()
    week_submitted.connect(_watch_attendance)
    offerings_changed.connect(_plan_again)
    offerings_leaving.connect(_let_go)
    for name, read in SECTIONS.items():
        personal_data.register(name, read)


def _plan_again(_sender: object, offering_ids: Sequence[int]) -> None:
    """Within the transaction of the change itself."""
    plan_logs(offering_ids, rules_of(present_settings()))


def _let_go(_sender: object, offering_ids: Sequence[int]) -> set[int]:
    return delete_untouched_logs(offering_ids)


def _watch_attendance(_sender: object, log: Log) -> None:
    settings = present_settings()
    if settings.attendance_notices:
        tell_of_low_attendance(log, settings.attendance_threshold)
