"""What the addresses of the JSON API name, and whose it is."""

from collections.abc import Callable

from flask import Flask

from portal.accounts.services.api_tokens import make_token
from portal.audit.services import System
from portal.exchange.feeds.services import make_feed
from portal.extensions import db
from portal.notifications.models import Notification
from tests.support.web import Maker
from tests.web.scene import Scene, SetUp


def _course(app: Flask, make: Maker) -> SetUp:
    return SetUp({"offering_id": make.offering(make.facilitator()).id}, make.manager())


def _calendar(app: Flask, make: Maker) -> SetUp:
    with app.app_context():
        token = make_feed(make.student().user_id, System())
        db.session.commit()
    return SetUp({"token": token}, None)


def _person(app: Flask, make: Maker) -> SetUp:
    return SetUp({"user_id": make.student().user_id}, make.admin())


def _teacher(app: Flask, make: Maker) -> SetUp:
    return SetUp({"facilitator_id": make.facilitator().profile_id}, make.manager())


def _api_token(app: Flask, make: Maker) -> SetUp:
    owner = make.student()
    with app.app_context():
        token_id = make_token(owner.user_id, "Timetable", ["courses:read"], "30", System()).id
        db.session.commit()
    return SetUp({"token_id": token_id}, owner, (make.student(),))


def _entry_of(name: str) -> Callable[[Flask, Maker], SetUp]:
    """An entry of the catalogue, of the kind of this name."""

    def do(app: Flask, make: Maker) -> SetUp:
        return SetUp({"entry_id": getattr(make, {"class": "study_class"}.get(name, name))().id}, make.manager())

    return do


def _student(app: Flask, make: Maker) -> SetUp:
    return SetUp({"student_id": make.student().profile_id}, make.manager())


def _told(app: Flask, make: Maker) -> SetUp:
    """Something that somebody was told."""
    owner = make.manager()
    with app.app_context():
        told = Notification(recipient_id=owner.user_id, kind="x", params={}, dedupe_key="x")
        db.session.add(told)
        db.session.commit()
        told_id = told.id
    return SetUp({"notification_id": told_id}, owner, (make.manager(),))


API_SCENES = {
    "calendar.show": Scene(_calendar),
    "api.show_user": Scene(_person),
    "api.change_user": Scene(_person),
    "api.deactivate_user": Scene(_person),
    "api.show_offering": Scene(_course),
    "api.replace_offering": Scene(_course),
    "api.change_offering": Scene(_course),
    "api.remove_offering": Scene(_course),
    "api.assign_offering": Scene(_course),
    "api.show_module": Scene(_entry_of("module")),
    "api.replace_module": Scene(_entry_of("module")),
    "api.change_module": Scene(_entry_of("module")),
    "api.remove_module": Scene(_entry_of("module")),
    "api.show_class": Scene(_entry_of("class")),
    "api.replace_class": Scene(_entry_of("class")),
    "api.change_class": Scene(_entry_of("class")),
    "api.remove_class": Scene(_entry_of("class")),
    "api.show_cohort": Scene(_entry_of("cohort")),
    "api.replace_cohort": Scene(_entry_of("cohort")),
    "api.change_cohort": Scene(_entry_of("cohort")),
    "api.remove_cohort": Scene(_entry_of("cohort")),
    "api.show_mode": Scene(_entry_of("mode")),
    "api.replace_mode": Scene(_entry_of("mode")),
    "api.change_mode": Scene(_entry_of("mode")),
    "api.remove_mode": Scene(_entry_of("mode")),
    "api.show_department": Scene(_entry_of("department")),
    "api.replace_department": Scene(_entry_of("department")),
    "api.change_department": Scene(_entry_of("department")),
    "api.remove_department": Scene(_entry_of("department")),
    "api.show_facilitator": Scene(_teacher),
    "api.patch_facilitator": Scene(_teacher),
    "api.show_student": Scene(_student),
    "api.patch_student": Scene(_student),
    "api.read_notification": Scene(_told),
    "api_tokens.revoke": Scene(_api_token),
}
