"""Faults that pydantic finds, as sentences in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any

from portal.errors import lazy

_LONGEST_NAME = 60

_MOMENT = lazy("%(field)s must be a moment with its time zone, such as 2026-10-14T12:00:00Z")
# What pydantic finds, by its own names; it fills in the limits by its own names too.
_SENTENCES: Mapping[str, Any] = {
    "missing": lazy("%(field)s is required"),
    "extra_forbidden": lazy("%(field)s cannot be set here"),
    "string_type": lazy("%(field)s must be text"),
    "string_too_short": lazy("%(field)s must have at least %(min_length)s characters"),
    "string_too_long": lazy("%(field)s must have at most %(max_length)s characters"),
    "string_pattern_mismatch": lazy("%(field)s must be one line, without control characters"),
    "bool_type": lazy("%(field)s must be true or false"),
    "bool_parsing": lazy("%(field)s must be true or false"),
    "int_type": lazy("%(field)s must be a whole number"),
    "int_parsing": lazy("%(field)s must be a whole number"),
    "int_from_float": lazy("%(field)s must be a whole number"),
    "float_type": lazy("%(field)s must be a number"),
    "float_parsing": lazy("%(field)s must be a number"),
    "dict_type": lazy("%(field)s must be a JSON object"),
    "greater_than_equal": lazy("%(field)s must be at least %(ge)s"),
    "less_than_equal": lazy("%(field)s must be at most %(le)s"),
    "date_from_datetime_parsing": lazy("%(field)s is not a day of the calendar"),
    "date_parsing": lazy("%(field)s is not a day of the calendar"),
    "timezone_aware": _MOMENT,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "list_type": lazy("%(field)s must be a list"),
    "too_short": lazy("%(field)s must have at least %(min_length)s entries"),
    "too_long": lazy("%(field)s must have at most %(max_length)s entries"),
    "enum": lazy("%(field)s must be one of: %(expected)s"),
    "literal_error": lazy("%(field)s must be one of: %(expected)s"),
}
_OTHER = lazy("%(field)s is not valid")


def name_of(path: Sequence[str | int]) -> str:
    """A path as a name that can be shown: `address.0.city`, without what is no text, and no longer than a line."""
    whole = ".".join(str(part) for part in path)
    return "".join(letter if letter.isprintable() else "?" for letter in whole[:_LONGEST_NAME]) or "?"


def sentence_of(found: Mapping[str, Any]) -> str:
    """The sentence for one of pydantic's errors, such as "First name is required".

    A validator of ours raises ValueError with a sentence that has a place for the field.
    """
    kind, facts = found["type"], dict(found.get("ctx", {}))
    if kind in {"string_too_short", "too_short"} and facts["min_length"] == 1:
        kind = "missing"
    if "expected" in facts:
        facts["expected"] = facts["expected"].replace("' or '", "', '").replace("'", "")
    sentence = facts["error"] if kind == "value_error" else _SENTENCES.get(kind, _OTHER)
    return str(sentence) % {"field": label_of(found["loc"]), **facts}


def label_of(path: Sequence[str | int]) -> str:
    """A path at the beginning of a sentence: "First name"."""
    name = name_of(path)
    return name.replace("_", " ").strip().capitalize() or name
