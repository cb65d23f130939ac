"""Course offerings and who teaches them."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Register pages and commands."""
