"""Users, sign-in and invitations."""

from flask import Flask

from portal.accounts import commands, routes


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    app.register_blueprint(routes.bp)
    app.cli.add_command(commands.users)
