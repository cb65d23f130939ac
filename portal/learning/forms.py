"""A lesson, and a question of its quick check, as their forms send them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict
from wtforms import RadioField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from portal import clock
from portal.folding import one_line
from portal.learning.checks import LONGEST_PROMPT, MOST_OPTIONS, Kind, QuestionDraft
from portal.learning.models import BODY_LIMIT, TITLE_LIMIT
from portal.learning.queries.lessons import LessonText, Standing
from portal.learning.services.lessons import LessonDraft
from portal.web.forms import PortalForm, VersionField

NOTE_LIMIT = 200
_TITLE = Length(max=TITLE_LIMIT, message=_l("At most %(most)s characters.", most=TITLE_LIMIT))
_BODY = Length(max=BODY_LIMIT, message=_l("At most %(most)s characters. Split it into two lessons.", most=BODY_LIMIT))
_NOTE = Length(max=NOTE_LIMIT, message=_l("At most %(most)s characters.", most=NOTE_LIMIT))
_PROMPT = Length(max=LONGEST_PROMPT, message=_l("At most %(most)s characters.", most=LONGEST_PROMPT))


class LessonForm(PortalForm):
    """Title, text, when students see it, and what changed."""

    title = StringField(_l("Title"), [DataRequired(_l("Give the lesson a title.")), _TITLE])
    body = TextAreaField(_l("Text"), [_BODY])
    publish = RadioField(
        _l("Students see it"),
        choices=[
            SelectChoice("draft", _l("Not yet: it is a draft")),
            SelectChoice("now", _l("Now")),
            SelectChoice("at", _l("From a moment on")),
        ],
        default="draft",
    )
    at = StringField(_l("From when on?"), [Optional()])
    note = StringField(_l("What changed?"), [_NOTE])
    version = VersionField(validators=[Optional()])

    @classmethod
    def of(cls, lesson: LessonText | None, zone: ZoneInfo, data: MultiDict[str, str] | None = None) -> "LessonForm":
        """The form as it was sent, else with what the lesson holds."""
        values: dict[str, Any] = {"version": 0}
        if lesson is not None:
            chosen = {Standing.DRAFT: "draft", Standing.PUBLISHED: "now", Standing.SCHEDULED: "at"}[lesson.standing]
            values = {"title": lesson.title, "body": lesson.body, "publish": chosen, "version": lesson.version}
            if lesson.standing is Standing.SCHEDULED and lesson.published_at:
                values["at"] = f"{lesson.published_at.astimezone(zone):%Y-%m-%dT%H:%M}"
        return cls(data, data=values)

    def draft(self, lesson: LessonText | None, zone: ZoneInfo) -> LessonDraft | None:
        """The lesson as it is wanted; None when the moment makes no sense, which then stands at its field."""
        moment: datetime | None = None
        if self.publish.data == "now":
            was = lesson.published_at if lesson and lesson.standing is Standing.PUBLISHED else None
            moment = was or clock.now()
        elif self.publish.data == "at":
            moment = _moment(self.at.data or "", zone)
            if moment is None:
                self.put_error("at", _l("Choose a day and a time."))
                return None
        body = (self.body.data or "").replace("\r\n", "\n").replace("\0", "")
        return LessonDraft(one_line(self.title.data), body.encode("utf-8", "replace").decode(), moment,
                           one_line(self.note.data))  # fmt: skip


def _moment(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not _YEARS[0] <= found.year < _YEARS[1]:  # beyond, the clocks of some readers have no such moment
        return None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC).replace(second=0, microsecond=0)


_YEARS = (1970, 9000)


class QuestionForm(PortalForm):
    """A question: a choice of up to eight, or a short answer. Choices are read beside these fields."""

    prompt = TextAreaField(_l("Question"), [DataRequired(_l("Say what is asked.")), _PROMPT])
    answered_by = RadioField(
        _l("Answered by"),
        choices=[SelectChoice("choice", _l("Choosing")), SelectChoice("text", _l("A few words"))],
        default="choice",
    )
    options = StringField(_l("Choices"))
    accepted = TextAreaField(_l("Answers that are right"))
    explanation = TextAreaField(_l("Explanation"), [_PROMPT])

    @classmethod
    def of(cls, question: Mapping[str, Any] | None, data: MultiDict[str, str] | None = None) -> "QuestionForm":
        """The form as it was sent, else with what the question holds."""
        values: dict[str, Any] = {}
        if question is not None:
            is_text = question["kind"] == Kind.TEXT
            values = {"prompt": question["prompt"], "explanation": question["explanation"]}
            values["answered_by"] = "text" if is_text else "choice"
            values["accepted"] = "\n".join(question["accepted"]) if is_text else ""
        form = cls(data, data=values)
        form.choices = _choices_of(data) if data is not None else _choices_in(question)
        return form

    choices: list[tuple[str, bool]]

    def draft(self) -> QuestionDraft:
        """The question as it is wanted."""
        return QuestionDraft(
            self.answered_by.data != "text",
            (self.prompt.data or "").strip().replace("\0", ""),
            [(one_line(text), right) for text, right in self.choices],
            (self.accepted.data or "").splitlines(),
            (self.explanation.data or "").strip().replace("\0", ""),
        )


def _choices_of(data: MultiDict[str, str]) -> list[tuple[str, bool]]:
    rights = set(data.getlist("right"))
    return [(data.get(f"option-{at}", ""), str(at) in rights) for at in range(MOST_OPTIONS)]


def _choices_in(question: Mapping[str, Any] | None) -> list[tuple[str, bool]]:
    found = [(one["text"], one["right"]) for one in (question or {}).get("options", [])]
    return found + [("", False)] * (MOST_OPTIONS - len(found))
