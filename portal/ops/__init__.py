"""Health, logs and the command line of those who run the portal."""

from flask import Flask

from portal.ops import access_table, commands, routes
from portal.ops.audit_log import routes as audit_log


def init_app(app: Flask) -> None:
    """Register the health pages and the commands."""
    app.register_blueprint(routes.bp)
    app.register_blueprint(audit_log.bp)
    for command in (commands.prepare, commands.reminders, commands.mail, access_table.access):
        app.cli.add_command(command)
