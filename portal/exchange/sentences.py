"""Translatable sentences kept as data, so that each reader finds them in their own language."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext, ngettext
from flask_babel.speaklater import LazyString


def as_data(message: Any) -> dict[str, Any]:
    """A sentence marked by `lazy` or `lazy_plural` as JSON holds it; empty for no sentence."""
    if not isinstance(message, LazyString):
        return {"said": str(message)} if message else {}
    text, *plural = message._args
    params = {name: _param(value) for name, value in message._kwargs.items()}
    return {"text": text, "params": params} | ({"plural": plural[0], "num": plural[1]} if plural else {})


def _param(value: Any) -> Any:
    if isinstance(value, LazyString):
        return as_data(value)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else _storable(str(value))


def _storable(text: str) -> str:
    """Without what some database refuses."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def in_words(data: Mapping[str, Any]) -> str:
    """The sentence in the present language."""
    if "text" not in data:
        return str(data.get("said", ""))
    params = {name: in_words(one) if isinstance(one, dict) else one for name, one in data["params"].items()}
    if "plural" in data:
        return str(ngettext(data["text"], data["plural"], data["num"], **params))
    return str(gettext(data["text"], **params))
