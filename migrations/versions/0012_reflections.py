"""Reflections: forms, rounds, who took part, drafts, what was said and its sums; the forms that a portal begins with.

Revision ID: 0012
Revises: 0016
"""

import datetime as dt

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0012"
down_revision = "0016"
branch_labels = None
depends_on = None

_LONG = sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")
_FORMS = (
    # title in both languages, state, anchor, first and last day from it, questions
    ("End of the course", "Fin du cours", "published", "end", -14, 7, (
        ("question1", "text", "What did you enjoy most in this course?",
         "Qu’avez-vous le plus apprécié dans ce cours ?",
         "For example: a session, a reading, an exercise.", "Par exemple : une séance, une lecture, un exercice.", ""),
        ("question2", "text", "What was the most challenging part?", "Qu’est-ce qui a été le plus difficile ?",
         "", "", ""),
        ("question3", "text", "What would you change, and why?", "Que changeriez-vous, et pourquoi ?",
         "Avoid names: speak of the course, not of a person.",
         "Évitez les noms : parlez du « cours », pas d’une personne.", ""),
    )),
    ("Middle of the course", "Mi-parcours", "draft", "middle", -3, 7, (
        ("overall", "scale", "So far, does this course help you to learn?",
         "Jusqu’ici, ce cours vous aide-t-il à apprendre ?", "", "", "Not at all|Pas du tout|Very much|Tout à fait"),
        ("helps", "text", "What helps you most?", "Qu’est-ce qui vous aide le plus ?", "", "", ""),
        ("missing", "text", "What should change before the end of the term?",
         "Qu’est-ce qui devrait changer avant la fin du trimestre ?", "", "", ""),
    )),
)  # fmt: skip
_forms = sa.table("reflection_forms", *(sa.column(name) for name in (
    "id", "series_id", "number", "state", "title_en", "title_fr", "mode", "min_responses", "anchor", "opens_days",
    "closes_days", "version", "created_at", "updated_at")))  # fmt: skip
_questions = sa.table("reflection_questions", *(sa.column(name) for name in (
    "form_id", "key", "position", "kind", "prompt_en", "prompt_fr", "hint_en", "hint_fr", "low_en", "low_fr",
    "high_en", "high_fr", "max_length", "version", "created_at", "updated_at")),
    sa.column("is_required", sa.Boolean))  # fmt: skip


def upgrade() -> None:
    """Make the tables and the two forms: the seed's three questions, published, and one for the middle of a course."""
    op.create_table(
        "reflection_forms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("title_en", sa.String(length=100), nullable=False),
        sa.Column("title_fr", sa.String(length=100), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("min_responses", sa.Integer(), nullable=False),
        sa.Column("anchor", sa.String(length=20), nullable=False),
        sa.Column("opens_days", sa.Integer(), nullable=False),
        sa.Column("closes_days", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.CheckConstraint("closes_days >= opens_days", name="ck_reflection_forms_window"),
        sa.CheckConstraint("min_responses >= 5", name="ck_reflection_forms_threshold"),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["reflection_forms.id"],
            name="fk_reflection_forms_series_id_reflection_forms",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("state IN ('draft', 'published', 'replaced', 'retired')", name="ck_reflection_forms_state"),
        sa.CheckConstraint("mode IN ('anonymous', 'confidential', 'named')", name="ck_reflection_forms_mode"),
        sa.CheckConstraint("anchor IN ('middle', 'end')", name="ck_reflection_forms_anchor"),
        sa.PrimaryKeyConstraint("id", name="pk_reflection_forms"),
        sa.UniqueConstraint("series_id", "number", name="uq_reflection_forms_series_id_number"),
    )
    op.create_table(
        "reflection_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("prompt_en", sa.String(length=300), nullable=False),
        sa.Column("prompt_fr", sa.String(length=300), nullable=False),
        sa.Column("hint_en", sa.String(length=300), nullable=False),
        sa.Column("hint_fr", sa.String(length=300), nullable=False),
        sa.Column("low_en", sa.String(length=60), nullable=False),
        sa.Column("low_fr", sa.String(length=60), nullable=False),
        sa.Column("high_en", sa.String(length=60), nullable=False),
        sa.Column("high_fr", sa.String(length=60), nullable=False),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("max_length", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"],
            ["reflection_forms.id"],
            name="fk_reflection_questions_form_id_reflection_forms",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('text', 'scale')", name="ck_reflection_questions_kind"),
        sa.PrimaryKeyConstraint("id", name="pk_reflection_questions"),
        sa.UniqueConstraint("form_id", "key", name="uq_reflection_questions_form_id_key"),
    )
    op.create_table(
        "reflection_rounds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("offering_id", sa.Integer(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=True),
        sa.Column("invited", sa.Integer(), nullable=True),
        sa.Column("responded", sa.Integer(), nullable=True),
        sa.Column("shown_count", sa.Integer(), nullable=True),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("reply_by", sa.Integer(), nullable=True),
        sa.Column("replied_at", sa.DateTime(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("updated_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_id"],
            ["reflection_forms.id"],
            name="fk_reflection_rounds_form_id_reflection_forms",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["offering_id"],
            ["course_offerings.id"],
            name="fk_reflection_rounds_offering_id_course_offerings",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["reply_by"], ["users.id"], name="fk_reflection_rounds_reply_by_users", onupdate="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["series_id"],
            ["reflection_forms.id"],
            name="fk_reflection_rounds_series_id_reflection_forms",
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reflection_rounds"),
        sa.UniqueConstraint("series_id", "offering_id", name="uq_reflection_rounds_series_id_offering_id"),
    )
    op.create_index("ix_reflection_rounds_form_id", "reflection_rounds", ["form_id"])
    op.create_index("ix_reflection_rounds_offering_id", "reflection_rounds", ["offering_id"])
    op.create_index("ix_reflection_rounds_released_on_closes_on", "reflection_rounds", ["released_on", "closes_on"])

    op.create_table(
        "reflection_drafts",
        sa.Column("owner_key", sa.String(length=64), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("body", _LONG, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("saved_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["reflection_rounds.id"],
            name="fk_reflection_drafts_round_id_reflection_rounds",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("owner_key", "round_id", name="pk_reflection_drafts"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reflection_drafts_round_id", "reflection_drafts", ["round_id"])

    op.create_table(
        "reflection_participations",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["reflection_rounds.id"],
            name="fk_reflection_participations_round_id_reflection_rounds",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name="fk_reflection_participations_student_id_students",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "student_id", name="pk_reflection_participations"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reflection_participations_student_id", "reflection_participations", ["student_id"])

    op.create_table(
        "reflection_responses",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("student_id", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["reflection_rounds.id"],
            name="fk_reflection_responses_round_id_reflection_rounds",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name="fk_reflection_responses_student_id_students",
            onupdate="CASCADE",
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_reflection_responses"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reflection_responses_round_id", "reflection_responses", ["round_id"])
    op.create_index("ix_reflection_responses_student_id", "reflection_responses", ["student_id"])

    op.create_table(
        "reflection_tallies",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(length=5), nullable=False),
        sa.Column("question_key", sa.String(length=40), nullable=False),
        sa.Column("department_id", sa.Integer(), nullable=True),
        sa.Column("academic_year", sa.Integer(), nullable=False),
        sa.Column("trimester", sa.Integer(), nullable=False),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("ones", sa.Integer(), nullable=False),
        sa.Column("twos", sa.Integer(), nullable=False),
        sa.Column("threes", sa.Integer(), nullable=False),
        sa.Column("fours", sa.Integer(), nullable=False),
        sa.Column("fives", sa.Integer(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("phrases", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["department_id"],
            ["departments.id"],
            name="fk_reflection_tallies_department_id_departments",
            onupdate="CASCADE",
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["reflection_questions.id"],
            name="fk_reflection_tallies_question_id_reflection_questions",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["reflection_rounds.id"],
            name="fk_reflection_tallies_round_id_reflection_rounds",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "question_id", "language", name="pk_reflection_tallies"),
    )
    op.create_index(
        "ix_reflection_tallies_compared",
        "reflection_tallies",
        ["question_key", "language", "department_id", "academic_year", "trimester"],
    )
    op.create_index("ix_reflection_tallies_department_id", "reflection_tallies", ["department_id"])
    op.create_index("ix_reflection_tallies_question_id", "reflection_tallies", ["question_id"])

    op.create_table(
        "reflection_answers",
        sa.Column("response_id", sa.String(length=36), nullable=False),
        sa.Column("question_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=True),
        sa.Column("text", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["question_id"],
            ["reflection_questions.id"],
            name="fk_reflection_answers_question_id_reflection_questions",
            onupdate="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["reflection_responses.id"],
            name="fk_reflection_answers_response_id_reflection_responses",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["round_id"],
            ["reflection_rounds.id"],
            name="fk_reflection_answers_round_id_reflection_rounds",
            onupdate="CASCADE",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("response_id", "question_id", name="pk_reflection_answers"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_reflection_answers_question_id", "reflection_answers", ["question_id"])
    op.create_index("ix_reflection_answers_round_id_question_id", "reflection_answers", ["round_id", "question_id"])
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
    for form in _FORMS:
        _add_form(form, {"version": 1, "created_at": now, "updated_at": now})


def _add_form(form, shared):
    title_en, title_fr, state, anchor, opens, closes, questions = form
    # The id comes from the database, so that its own numbering goes on after it.
    row = {"number": 1, "state": state, "title_en": title_en, "title_fr": title_fr, "mode": "anonymous",
           "min_responses": 5, "anchor": anchor, "opens_days": opens, "closes_days": closes, **shared}  # fmt: skip
    op.bulk_insert(_forms, [row])
    of_it = _forms.c.title_en == title_en
    op.execute(sa.update(_forms).where(of_it).values(series_id=_forms.c.id))
    form_id = op.get_bind().scalar(sa.select(_forms.c.id).where(of_it))
    rows = []
    for position, (key, kind, prompt_en, prompt_fr, hint_en, hint_fr, ends) in enumerate(questions, 1):
        low_en, low_fr, high_en, high_fr = ends.split("|") if ends else [""] * 4
        rows.append({"form_id": form_id, "key": key, "position": position, "kind": kind, "prompt_en": prompt_en,
                     "prompt_fr": prompt_fr, "hint_en": hint_en, "hint_fr": hint_fr, "low_en": low_en,
                     "low_fr": low_fr, "high_en": high_en, "high_fr": high_fr, "max_length": 1000,
                     "is_required": False, **shared})  # fmt: skip
    op.bulk_insert(_questions, rows)


def downgrade() -> None:
    """Take them away, with everything that was said."""
    op.drop_table("reflection_answers")
    op.drop_table("reflection_tallies")
    op.drop_table("reflection_responses")
    op.drop_table("reflection_participations")
    op.drop_table("reflection_drafts")
    op.drop_table("reflection_rounds")
    op.drop_table("reflection_questions")
    op.drop_table("reflection_forms")
