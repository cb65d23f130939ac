"""Users, sign-in and invitations."""

from flask import Flask

from portal.accounts import commands
from portal.accounts.routes import (
    address_links,
    api_tokens,
    forgotten,
    invitations,
    password_change,
    people,
    profile,
    provider_state,
    providers,
    registration,
    sign_in,
)

# Under its own name it would hide the module beside this one.
from portal.accounts.routes import sessions as own_sessions


def init_app(app: Flask) -> None:
    """Register pages and commands."""
    doors = (sign_in, invitations, registration, forgotten, address_links)
    for pages in (*doors, profile, password_change, own_sessions, api_tokens, providers, provider_state, people):
        app.register_blueprint(pages.bp)
    app.cli.add_command(commands.users)
