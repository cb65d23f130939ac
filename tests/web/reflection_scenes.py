"""What addresses of reflections are about: see scenes.py."""

from flask import Flask

from portal.extensions import db
from portal.reflections.models import ReflectionRound
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp


def _reflection(app: Flask, make: Maker) -> SetUp:
    offering, student = make.offering(make.facilitator()), make.student()
    make.enrolment(offering, student)
    return SetUp({"round_id": make.round(offering).id}, student, (make.student(),))


def _results(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    return SetUp({"round_id": make.round(make.offering(teacher)).id}, teacher, (make.facilitator(),))


def _released(app: Flask, make: Maker) -> SetUp:
    found = _results(app, make)
    with app.app_context():
        row = db.session.get_one(ReflectionRound, found.values["round_id"])
        row.released_on, row.shown_count = row.closes_on, 5
        db.session.commit()
    return found


def _form(app: Flask, make: Maker) -> SetUp:
    return SetUp({"form_id": make.reflection_form().id}, make.admin())


_SAVED = {
    "title_en": "A", "mode": "anonymous", "anchor": "end", "min_responses": "5", "opens_days": "-1",
    "closes_days": "1", "version": "1",
}  # fmt: skip

REFLECTION_SCENES: dict[str, Scene] = {
    "reflections.show": Scene(_reflection),
    "reflections.write": Scene(_reflection, {"answer-question1": "Well", "version": "0"}),
    "reflections.keep_draft": Scene(_reflection),
    "reflections.send": Scene(_reflection),
    "reflections.results": Scene(_results),
    "reflections.answer_class": Scene(_released, {"reply": "Thanks", "version": "1"}),
    "reflection_export.as_csv": Scene(_released),
    "reflection_export.as_workbook": Scene(_released),
    "reflections.edit": Scene(_form),
    "reflections.save": Scene(_form, _SAVED),
    "reflections.retire": Scene(_form),
    "reflections.begin_version": Scene(_form),
    "reflections.preview": Scene(_form),
}
