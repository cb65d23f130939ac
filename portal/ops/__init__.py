"""Health, logs and the command line of those who run the portal."""

from flask import Flask

from portal.ops import access_table, backup_commands, commands, routes
from portal.ops.audit_log import routes as audit_log
from portal.ops.audit_log.words import action_in_words, field_in_words, value_in_words
from portal.ops.health import init_health
from portal.ops.metrics import init_metrics
from portal.ops.tracing import init_tracing


def init_app(app: Flask) -> None:
    """Register the health pages and the commands."""
    init_health(app)
    init_metrics(app)
    init_tracing(app)
    app.register_blueprint(routes.bp)
    app.register_blueprint(audit_log.bp)
    # Pages of the features below tell of changes too.
    app.jinja_env.filters["audit_action"] = action_in_words
    app.jinja_env.filters["audit_field"] = field_in_words
    app.jinja_env.filters["audit_value"] = value_in_words
    for command in (
        commands.prepare,
        commands.wait,
        commands.assets,
        commands.reminders,
        commands.mail,
        access_table.access,
        backup_commands.backup,
    ):
        app.cli.add_command(command)
