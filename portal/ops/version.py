"""Which version runs."""

import tomllib
from functools import cache
from pathlib import Path

_PROJECT = Path(__file__).resolve().parent.parent.parent / "pyproject.toml"


@cache
def version() -> str:
    """The version of this code as pyproject.toml says, or `unknown` where that file was left behind."""
    try:
        return str(tomllib.loads(_PROJECT.read_text())["project"]["version"])
    except (OSError, KeyError, ValueError):
        return "unknown"
