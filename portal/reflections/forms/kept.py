"""A form of questions as its page sends it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from portal.errors import DomainError, lazy
from portal.folding import one_line
from portal.reflections.models import Anchor, FormMode, QuestionKind
from portal.reflections.queries.kept import KeptForm
from portal.reflections.queries.questions import Question
from portal.reflections.services.keeping import MOST_QUESTIONS, FormDraft, QuestionDraft

TEXTS = ("prompt_en", "prompt_fr", "hint_en", "hint_fr", "low_en", "low_fr", "high_en", "high_fr")
LIMITS = {"prompt": 300, "hint": 300, "low": 60, "high": 60}
_DIGITS = 5
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SentForm:
    """What was sent, as it is shown again: settings and rows of questions, with one empty row for a new one."""

    settings: Row
    rows: Sequence[Row]
    version: int

    @classmethod
    def of(cls, form: KeptForm, questions: Sequence[Question]) -> "SentForm":
        """As it is kept."""
        settings = {name: getattr(form, name) for name in FormDraft.__slots__}
        rows = [{name: getattr(one, name) for name in QuestionDraft.__slots__} for one in questions]
        return cls(settings, rows, form.version)

    @classmethod
    def read(cls, sent: Mapping[str, str]) -> "SentForm":
        """As it was sent."""
        settings = {name: one_line(sent.get(name)) for name in FormDraft.__slots__}
        rows = [_row(sent, number) for number in range(MOST_QUESTIONS + 1) if f"q{number}-prompt_en" in sent]
        written = [row for row in rows if row["prompt_en"] or row["prompt_fr"]]
        written.sort(key=lambda row: _number(row["position"], "position"))
        return cls(settings, written, _number(sent.get("version", "0"), "version"))

    def draft(self) -> FormDraft:
        """The settings. Raises DomainError on the field that cannot be read."""
        try:
            mode, anchor = FormMode(self.settings["mode"]), Anchor(self.settings["anchor"])
        except ValueError as error:
            raise DomainError(lazy("Choose one of these."), "mode") from error
        numbers = {name: _number(self.settings[name], name) for name in ("min_responses", "opens_days", "closes_days")}
        for name in ("title_en", "title_fr"):
            if len(self.settings[name]) > LONGEST_TITLE:
                raise DomainError(lazy("At most %(most)s characters.", most=LONGEST_TITLE), name)
        return FormDraft(self.settings["title_en"], self.settings["title_fr"], mode, anchor=anchor, **numbers)

    def questions(self) -> list[QuestionDraft]:
        """The questions. Raises DomainError for a text that is too long."""
        found = []
        for row in self.rows:
            for name in TEXTS:
                if len(row[name]) > LIMITS[name.partition("_")[0]]:
                    raise DomainError(lazy("At most %(most)s characters.", most=LIMITS[name.partition("_")[0]]))
            kind = QuestionKind.SCALE if row["kind"] == QuestionKind.SCALE else QuestionKind.TEXT
            texts = {name: row[name] for name in TEXTS}
            length = _number(row["max_length"] or "1000", "max_length")
            found.append(QuestionDraft(row["key"], kind, **texts, is_required=row["is_required"], max_length=length))
        return found


LONGEST_TITLE = 100


def _row(sent: Mapping[str, str], number: int) -> Row:
    own = {name: one_line(sent.get(f"q{number}-{name}")) for name in (*TEXTS, "key", "kind", "max_length", "position")}
    return own | {"is_required": f"q{number}-is_required" in sent}


def _number(text: Any, field: str) -> int:
    plain = str(text).strip()
    digits = plain.removeprefix("-").removeprefix("\u2212")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= _DIGITS):
        raise DomainError(lazy("Use a whole number."), field)
    return -int(digits) if plain != digits else int(digits)
