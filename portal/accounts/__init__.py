"""Users, sign-in and invitations."""

from flask import Flask

from portal.accounts import commands
from portal.accounts.routes import (
    address_links,
    invitations,
    password_change,
    profile,
    registration,
    sign_in,
)

# Under their own names they would hide the modules beside this one.
from portal.accounts.routes import passwords as forgotten_passwords
from portal.accounts.routes import sessions as own_sessions


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    doors = (sign_in, invitations, registration, forgotten_passwords, address_links)
    for pages in (*doors, profile, password_change, own_sessions):
        app.register_blueprint(pages.bp)
    app.cli.add_command(commands.users)
