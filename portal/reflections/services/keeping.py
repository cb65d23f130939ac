"""Keeping forms: questions in both languages, versions, windows, and what may no longer be changed."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import delete, func, select

from portal.audit.services import Actor, record
from portal.database import IN_PLACE
from portal.errors import Conflict, DomainError, NotFound, lazy
from portal.extensions import db
from portal.reflections.models import (
    FEWEST,
    Anchor,
    FormMode,
    FormState,
    QuestionKind,
    ReflectionForm,
    ReflectionParticipation,
    ReflectionQuestion,
    ReflectionRound,
)
from portal.reflections.services.rounds import FURTHEST, set_windows

MOST_QUESTIONS = 20
LONGEST_ANSWER = 5000
_TEXTS = ("prompt", "hint", "low", "high")
_ENTITY = ReflectionForm.__tablename__


@dataclass(frozen=True, slots=True)
class FormDraft:
    """A form as someone wants it; the days of its window count from its anchor."""

    title_en: str
    title_fr: str
    mode: FormMode
    min_responses: int
    anchor: Anchor
    opens_days: int
    closes_days: int


@dataclass(frozen=True, slots=True)
class QuestionDraft:
    """A question as someone wants it; without a key it is a new one."""

    key: str
    kind: QuestionKind
    prompt_en: str
    prompt_fr: str
    hint_en: str
    hint_fr: str
    low_en: str
    low_fr: str
    high_en: str
    high_fr: str
    is_required: bool
    max_length: int


def create_form(title_en: str, title_fr: str, by: Actor) -> int:
    """A new draft without questions; gives its id."""
    if not title_en:
        raise DomainError(lazy("Give the form a name."), "title_en")
    form = ReflectionForm(title_en=title_en, title_fr=title_fr)
    db.session.add(form)
    db.session.flush()
    form.series_id = form.id
    record(by, "create", _ENTITY, form.id, title_en=(None, title_en), title_fr=(None, title_fr))
    return form.id


def save_form(form_id: int, draft: FormDraft, questions: Sequence[QuestionDraft], version: int, by: Actor) -> None:
    """Change a form; its questions only while it is a draft, its mode only until the first course is asked.

    Whoever is asked is told at once who will read what they write, and may send it days later.

    Raises DomainError on the field that breaks a rule, and Conflict when somebody changed it since `version`.
    """
    form = _locked(form_id)
    if form.version != version:
        raise Conflict(lazy("Someone changed this form meanwhile. Look at it as it is now, then change it again."))
    if draft.mode is not form.mode and _is_asked(form_id):
        said = lazy("Students are asked already, trusting in what they were told: the mode stays.")
        raise Conflict(said, "mode")
    _check(form, draft, _is_answered(form_id))
    changed = {name: (getattr(form, name), value) for name, value in asdict(draft).items()
               if getattr(form, name) != value}  # fmt: skip
    for name, (_before, after) in changed.items():
        setattr(form, name, after)
    if form.state is FormState.DRAFT:
        _replace_questions(form_id, questions)
    form.version += 1
    db.session.flush()
    if form.state is FormState.PUBLISHED:
        set_windows(form)
    record(by, "update", _ENTITY, form_id, **changed)


def publish_form(form_id: int, by: Actor) -> None:
    """Have courses asked by a draft from now on; the version before is replaced, and stays where it is being answered.

    Raises DomainError unless every text stands there in both languages, and Conflict when another version is published
    at the same moment.
    """
    form = _locked(form_id)
    if form.state is not FormState.DRAFT:
        raise Conflict(lazy("Only a draft can be published."))
    _check_texts(form)
    before = _published_of(form)
    _lock_series(form)
    others = _published_of(form)
    if [one.id for one in others] != [one.id for one in before]:
        raise Conflict(lazy("Another version of this form was published just now. Look at it before you replace it."))
    for other in others:
        other.state = FormState.REPLACED
    form.state, form.version = FormState.PUBLISHED, form.version + 1
    record(by, "publish", _ENTITY, form_id, state=(FormState.DRAFT, FormState.PUBLISHED))


def _check_texts(form: ReflectionForm) -> None:
    questions = db.session.scalars(select(ReflectionQuestion).where(ReflectionQuestion.form_id == form.id)).all()
    if not questions:
        raise DomainError(lazy("A form needs a question."))
    if not (form.title_en and form.title_fr):
        raise DomainError(lazy("Both languages are needed: people read the portal in theirs."), "title_fr")
    for number, question in enumerate(sorted(questions, key=lambda one: one.position), 1):
        halves = [bool(getattr(question, f"{name}_en")) != bool(getattr(question, f"{name}_fr")) for name in _TEXTS]
        if any(halves) or not question.prompt_en:
            raise DomainError(lazy("Question %(number)s is not there in both languages yet.", number=number))


def _published_of(form: ReflectionForm) -> list[ReflectionForm]:
    """The version by which courses are asked, as it is now."""
    wanted = select(ReflectionForm).where(
        ReflectionForm.series_id == form.series_id, ReflectionForm.state == FormState.PUBLISHED
    )
    return list(db.session.scalars(wanted.order_by(ReflectionForm.id)))


def _lock_series(form: ReflectionForm) -> None:
    """Of those who change which versions there are, one goes on; its own version is locked before."""
    db.session.execute(select(ReflectionForm.id).where(ReflectionForm.id == form.series_id).with_for_update())


def retire_form(form_id: int, by: Actor) -> None:
    """Ask no further course by a form; rounds that are open go on."""
    form = _locked(form_id)
    before, form.state, form.version = form.state, FormState.RETIRED, form.version + 1
    record(by, "update", _ENTITY, form_id, state=(before, FormState.RETIRED))


def begin_version(form_id: int, by: Actor) -> int:
    """A draft with the same questions, to be changed and published in the place of this one; gives its id."""
    form = _locked(form_id)
    _lock_series(form)
    last = db.session.scalar(select(func.max(ReflectionForm.number)).where(ReflectionForm.series_id == form.series_id))
    shared = {name: getattr(form, name) for name in FormDraft.__slots__}
    copy = ReflectionForm(**shared, series_id=form.series_id, number=(last or 0) + 1)
    db.session.add(copy)
    db.session.flush()
    for question in db.session.scalars(select(ReflectionQuestion).where(ReflectionQuestion.form_id == form_id)).all():
        texts = {name: getattr(question, name) for name in QuestionDraft.__slots__}
        db.session.add(ReflectionQuestion(**texts, form_id=copy.id, position=question.position))
    record(by, "create", _ENTITY, copy.id, number=(None, copy.number))
    return copy.id


def _check(form: ReflectionForm, draft: FormDraft, is_answered: bool) -> None:
    if not draft.title_en:
        raise DomainError(lazy("Give the form a name."), "title_en")
    if draft.min_responses < FEWEST:
        raise DomainError(lazy("At least %(least)s: with fewer, people can be guessed.", least=FEWEST), "min_responses")
    if not -FURTHEST <= draft.opens_days <= draft.closes_days <= FURTHEST:
        raise DomainError(lazy("It must close after it opens, and within %(most)s days of the day it counts from.",
                               most=FURTHEST), "closes_days")  # fmt: skip
    if is_answered and draft.min_responses < form.min_responses:
        raise Conflict(lazy("People have answered already: this number can only be raised."), "min_responses")


def _is_asked(form_id: int) -> bool:
    """Whoever opens it for a course at this moment waits for the lock on the form."""
    return db.session.scalar(select(ReflectionRound.id).where(ReflectionRound.form_id == form_id).limit(1)) is not None


def _is_answered(form_id: int) -> bool:
    found = (
        select(ReflectionParticipation.round_id)
        .join(ReflectionRound, ReflectionRound.id == ReflectionParticipation.round_id)
        .where(ReflectionRound.form_id == form_id)
        .limit(1)
    )
    return db.session.scalar(found) is not None


def _replace_questions(form_id: int, questions: Sequence[QuestionDraft]) -> None:
    if len(questions) > MOST_QUESTIONS:
        raise DomainError(lazy("At most %(most)s questions.", most=MOST_QUESTIONS))
    known = set(db.session.scalars(select(ReflectionQuestion.key).where(ReflectionQuestion.form_id == form_id)))
    gone: Any = delete(ReflectionQuestion).where(ReflectionQuestion.form_id == form_id)
    db.session.execute(gone, execution_options=IN_PLACE)
    for position, draft in enumerate(questions, 1):
        key = draft.key if draft.key in known else f"q{secrets.token_hex(4)}"
        known.discard(key)
        texts = asdict(draft) | {"key": key, "max_length": min(max(draft.max_length, 1), LONGEST_ANSWER)}
        db.session.add(ReflectionQuestion(**texts, form_id=form_id, position=position))
    db.session.flush()


def _locked(form_id: int) -> ReflectionForm:
    wanted = select(ReflectionForm).where(ReflectionForm.id == form_id).with_for_update()
    found = db.session.scalar(wanted.execution_options(populate_existing=True))
    if found is None:
        raise NotFound(lazy("There is no such form."))
    return found
