"""Scenes of notifications and of the stages of reminders."""

from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.notifications.models import Delivery
from portal.notifications.services import Fact, notify_many
from portal.notifications.unsubscribing import sign_wish
from portal.tracker.models import ReminderStage
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp


def _wish(app: Flask, make: Maker) -> SetUp:
    token = sign_wish(app.config["SECRET_KEY"], make.student().user_id, ["courses"])
    return SetUp({"token": token}, None)


def _delivery(app: Flask, make: Maker) -> SetUp:
    person = make.facilitator()
    with app.app_context():
        notify_many([Fact(person.user_id, "log_missing", {}, "scene")])
        db.session.commit()
        found = db.session.scalar(select(Delivery.id).where(Delivery.recipient_id == person.user_id))
    return SetUp({"delivery_id": found}, make.admin())


def _stage(app: Flask, make: Maker) -> SetUp:
    return SetUp({"stage_id": 1}, make.admin())


def _added_stage(app: Flask, make: Maker) -> SetUp:
    with app.app_context():
        row = ReminderStage(key="log_missing.2", working_days=3)
        db.session.add(row)
        db.session.commit()
        return SetUp({"stage_id": row.id}, make.admin())


def _owing(app: Flask, make: Maker) -> SetUp:
    person = make.facilitator()
    make.log(make.offering(person, weeks_ago=3), 1)
    return SetUp({"user_id": person.user_id, "locale": "en"}, make.manager())


SCENES = {
    "compliance.preview_mail": Scene(_owing),
    "deliveries.replay_one": Scene(_delivery),
    "notifications.ask": Scene(_wish),
    "notifications.stop": Scene(_wish),
    "stages.remove": Scene(_added_stage, {"version": "1"}),
    "stages.change": Scene(_stage, {"days": "3", "is_active": "y", "version": "1"}),
}
