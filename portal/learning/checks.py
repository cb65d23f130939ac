"""Quick checks: what a question is, and whether an answer is right.

A question is a dict that JSON holds: `id` (of this lesson alone), `kind` (see `Kind`), `prompt`, `explanation` (shown
with the result), `options` (of a choice: a list of {"text", "right"}), `accepted` (of a short answer: what is right;
case, accents and spaces do not matter, and 3,5 is 3.5).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from portal.errors import DomainError, lazy
from portal.folding import fold, one_line

MOST_QUESTIONS = 20
MOST_OPTIONS = 8
LONGEST_PROMPT = 1000
LONGEST_ANSWER = 200


class Kind(StrEnum):
    """How a question is answered: one of several, any of several, or in a few words."""

    ONE = "one"
    SEVERAL = "several"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A question as someone wants it. `options` are texts with whether they are right."""

    is_choice: bool
    prompt: str
    options: Sequence[tuple[str, bool]]
    accepted: Sequence[str]
    explanation: str = ""


def question_of(draft: QuestionDraft, question_id: str) -> dict[str, Any]:
    """A question as it is kept. Raises DomainError on the field that breaks a rule."""
    if not draft.prompt:
        raise DomainError(lazy("Say what is asked."), "prompt")
    for name, text in (("prompt", draft.prompt), ("explanation", draft.explanation)):
        if len(text) > LONGEST_PROMPT:
            raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_PROMPT), name)
    kept: dict[str, Any] = {"id": question_id, "prompt": draft.prompt, "explanation": draft.explanation}
    return kept | (_choice(draft.options) if draft.is_choice else _short(draft.accepted))


def _choice(options: Sequence[tuple[str, bool]]) -> dict[str, Any]:
    named = [(text, right) for text, right in options if text]
    rights = sum(right for _text, right in named)
    if len(named) < 2 or len(named) > MOST_OPTIONS:
        raise DomainError(lazy("Give at least two choices, and at most %(most)s.", most=MOST_OPTIONS), "options")
    if not rights:
        raise DomainError(lazy("Say which choice is right."), "options")
    if any(len(text) > LONGEST_ANSWER for text, _right in named):
        raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_ANSWER), "options")
    kind = Kind.ONE if rights == 1 else Kind.SEVERAL
    return {"kind": kind.value, "options": [{"text": text, "right": right} for text, right in named]}


def _short(accepted: Sequence[str]) -> dict[str, Any]:
    named = [text for text in map(one_line, accepted) if text]
    if not named:
        raise DomainError(lazy("Give at least one answer that is right."), "accepted")
    if len(named) > MOST_OPTIONS or any(len(text) > LONGEST_ANSWER for text in named):
        said = lazy("At most %(most)s answers of %(length)s characters.", most=MOST_OPTIONS, length=LONGEST_ANSWER)
        raise DomainError(said, "accepted")
    return {"kind": Kind.TEXT.value, "accepted": named}


def is_right(question: Mapping[str, Any], given: Sequence[str]) -> bool:
    """Whether an answer is right: the numbers of the choices (from 0), or one text."""
    if question["kind"] == Kind.TEXT:
        return bool(given) and _plain(given[0]) in {_plain(text) for text in question["accepted"]}
    rights = {str(at) for at, option in enumerate(question["options"]) if option["right"]}
    return set(given) == rights


def _plain(text: str) -> str:
    folded = fold(text).strip(".!? ")
    try:
        return str(float(folded.replace(",", ".").replace(" ", "")))
    except ValueError:
        return folded


def is_answered(question: Mapping[str, Any], given: Sequence[str]) -> bool:
    """Whether anything was answered that the question knows."""
    if question["kind"] == Kind.TEXT:
        return bool(given and given[0].strip())
    return bool(given) and set(given) <= {str(at) for at in range(len(question["options"]))}
