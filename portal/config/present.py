"""The settings of the application that answers, for edges: what lies deeper is given the ones it needs."""

from flask import current_app

from portal.config import Settings


def present_settings() -> Settings:
    """The settings that the present application was made with."""
    settings: Settings = current_app.config["PORTAL"]
    return settings
