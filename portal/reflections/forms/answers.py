"""A reflection as its page sends it: as a form, or by its script as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import request

from portal.errors import DomainError, lazy
from portal.reflections.sealing import Written
from portal.web.locale import LANGUAGES

_FIELD, _PICK, _OTHER = "answer-", "pick-", "other-"
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent: the answers and the language they were read in, the version of the draft that the page knew, the
    number of its receipt, and the button.
    """

    written: Written
    seen: int
    number: str
    act: str

    @classmethod
    def from_request(cls, language: str) -> "Sent":
        """Read it. Raises DomainError for what no page of ours sends."""
        if request.mimetype == "application/json":
            return _from_json(request.get_json(silent=True), language)
        form = request.form
        answers = {name.removeprefix(_FIELD): text for name, text in form.items() if name.startswith(_FIELD)}
        for key, text in answers.items():
            other = form.get(_OTHER + key, "")
            answers[key] = _picked(text, other, form.get(_PICK + key, "mine"))
        return cls(
            Written(answers, language), _number(form.get("version", "0")), form.get("number", ""),
            form.get("act", "save"),
        )  # fmt: skip


def _from_json(sent: Any, language: str) -> Sent:
    if not isinstance(sent, Mapping):
        raise DomainError(lazy("This is not a reflection."))
    answers, number = sent.get("answers"), sent.get("number", "")
    fits = isinstance(answers, Mapping) and all(isinstance(one, str) for one in (*answers, *answers.values(), number))
    if not fits or not isinstance(answers, Mapping):
        raise DomainError(lazy("This is not a reflection."))
    chosen = sent.get("language")
    spoken = str(chosen) if chosen in LANGUAGES else language
    return Sent(Written(dict(answers), spoken), _number(sent.get("version", 0)), str(number), "send")


def _number(value: Any) -> int:
    text = str(value)
    return min(int(text), _LARGEST) if text.isascii() and text.isdecimal() and len(text) <= len(str(_LARGEST)) else 0


def _picked(mine: str, other: str, pick: str) -> str:
    """Of two texts the one that was chosen, or both below each other."""
    if pick == "other":
        return other
    return f"{mine}\n\n{other}".strip() if pick == "both" else mine
