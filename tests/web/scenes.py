"""The things that addresses with an id name: whose they are, and who else must not see them.

One entry for each view that takes an id, by endpoint.
"""

from flask import Flask
from sqlalchemy import select

import tests.web.api_scenes as of_the_api
from portal import clock
from portal.accounts import services
from portal.accounts.models import Identity, UserSession
from portal.accounts.services.tokens import issue_token
from portal.allocations.services.views import save_view
from portal.audit.services import System, open_batch
from portal.exchange.services.parts import Part
from portal.exchange.services.runs import open_run
from portal.extensions import db
from portal.jobs.services import start_job
from portal.jobs.works import Owner
from portal.tracker.models import Leave
from tests.support.people import Person
from tests.support.web import Maker, session_of
from tests.web import scenes_of_notifications
from tests.web.course_scenes import COURSE_SCENES
from tests.web.lesson_scenes import LESSON_SCENES
from tests.web.reflection_scenes import REFLECTION_SCENES
from tests.web.scene import Scene, SetUp
from tests.web.webhook_scenes import WEBHOOK_SCENES


def _course(app: Flask, make: Maker) -> SetUp:
    offering = make.offering(make.facilitator())
    return SetUp({"offering_id": offering.id}, make.manager())


def _checklist_item(app: Flask, make: Maker) -> SetUp:
    return SetUp({"item_id": 1}, make.admin())


def _module(app: Flask, make: Maker) -> SetUp:
    return SetUp({"kind": "modules", "entry_id": make.module().id}, make.manager())


def _teacher(app: Flask, make: Maker) -> SetUp:
    return SetUp({"facilitator_id": make.facilitator().profile_id}, make.manager())


def _meeting(app: Flask, make: Maker) -> SetUp:
    """A weekly meeting of a course that is there; one that is gone is as good as taken away."""
    return SetUp({"offering_id": make.offering().id, "meeting_id": 1}, make.manager())


def _view(app: Flask, make: Maker) -> SetUp:
    owner = make.manager()
    with app.app_context():
        view_id = save_view(owner.user_id, "Mine", {}, False, Owner(owner.user_id, None)).id
        db.session.commit()
    return SetUp({"view_id": view_id}, owner, (make.manager(),))


def _own_course(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    return SetUp({"offering_id": make.offering(teacher).id}, teacher, (make.facilitator(),))


def _log(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    log = make.log(make.offering(teacher), week=2)
    return SetUp({"log_id": log.id}, teacher, (make.facilitator(),))


def _week_of_course(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    course = make.offering(teacher)
    return SetUp({"offering_id": course.id, "log_id": make.log(course, week=2).id}, teacher, (make.facilitator(),))


def _leave(app: Flask, make: Maker) -> SetUp:
    manager, away = make.manager(), make.facilitator()
    with app.app_context():
        today = clock.now().date()
        row = Leave(facilitator_id=away.profile_id, first_day=today, last_day=today, reason="Ill")
        db.session.add(row)
        db.session.commit()
        return SetUp({"leave_id": row.id}, manager)


def _decision(app: Flask, make: Maker) -> SetUp:
    found = _log(app, make)
    return SetUp({**found.values, "act": "excuse"}, make.manager())


def _handed_in(app: Flask, make: Maker) -> SetUp:
    teacher = make.facilitator()
    now = clock.now()
    log = make.log(make.offering(teacher), week=2, started_at=now, submitted_at=now)
    return SetUp({"log_id": log.id}, teacher, (make.facilitator(),))


def _item(app: Flask, make: Maker) -> SetUp:
    found = _log(app, make)
    return SetUp({**found.values, "key": "course_moderation"}, found.owner, found.strangers)


def _session(app: Flask, make: Maker) -> SetUp:
    owner = make.student()
    with app.app_context():
        session_of(owner)
        session_id = db.session.scalar(select(UserSession.id).where(UserSession.user_id == owner.user_id))
    return SetUp({"session_id": session_id}, owner, (make.student(), make.admin()))


def _identity(app: Flask, make: Maker) -> SetUp:
    owner = make.student(password="a-quiet-harbour-7")
    with app.app_context():
        row = Identity(issuer="https://login.example", subject=str(owner.user_id), user_id=owner.user_id)
        db.session.add(row)
        db.session.commit()
        return SetUp({"identity_id": row.id}, owner, (make.student(), make.admin()))


def _person(_app: Flask, make: Maker) -> SetUp:
    return SetUp({"user_id": make.student().user_id}, make.admin())


def _invitation(app: Flask, make: Maker) -> SetUp:
    invited = make.student()
    with app.app_context():
        issued = services.invite(invited.email, app.config["SECRET_KEY"], System(), by_mail=False)
        db.session.commit()
    return SetUp({"token": issued.token}, None)


def _address_link(app: Flask, make: Maker) -> SetUp:
    with app.app_context():
        user_id, key = make.student().user_id, app.config["SECRET_KEY"]
        issued = issue_token(user_id, services.Purpose.NOTIFICATION_ADDRESS, key, address="else@example.org")
        db.session.commit()
    return SetUp({"token": issued.token}, None)


def _reset(app: Flask, make: Maker) -> SetUp:
    return _link(app, make.student(), services.Purpose.RESET)


def _confirmation(app: Flask, make: Maker) -> SetUp:
    return _link(app, make.student(is_confirmed=False), services.Purpose.CONFIRMATION)


def _link(app: Flask, person: Person, purpose: services.Purpose) -> SetUp:
    with app.app_context():
        issued = issue_token(person.user_id, purpose, app.config["SECRET_KEY"])
        db.session.commit()
    return SetUp({"token": issued.token}, None)


_NAME = {"first_name": "Ada", "last_name": "Okafor", "email": "ada.okafor@example.org"}


def _batch(app: Flask, make: Maker) -> SetUp:
    owner = make.manager()
    with app.app_context():
        batch_id = open_batch(Owner(owner.user_id, None), "shift", 0)
        db.session.commit()
    return SetUp({"batch_id": batch_id}, owner, (make.manager(),))


def _job(app: Flask, make: Maker) -> SetUp:
    owner = make.manager()
    with app.app_context():
        job_id = start_job("for tests", Owner(owner.user_id, None))
        db.session.commit()
    return SetUp({"job_id": job_id}, owner, (make.manager(),))


def _import(app: Flask, make: Maker) -> SetUp:
    """A file that was uploaded and not checked yet; managers see each other's imports."""
    part = Part("modules.csv", "none/1.csv", "", None, 1, ["code", "name"], [["CS101", "Programming"]])
    with app.app_context():
        run_id = open_run([part.as_kind("modules")], Owner(make.manager().user_id, None))
        db.session.commit()
    return SetUp({"run_id": run_id}, make.manager())


SCENES: dict[str, Scene] = {
    **REFLECTION_SCENES,
    **WEBHOOK_SCENES,
    **LESSON_SCENES,
    **COURSE_SCENES,
    "imports.show": Scene(_import),
    "imports.reading": Scene(_import),
    "imports.read": Scene(_import, {"do": "check", "version": "1"}),
    "imports.confirm": Scene(_import, {"version": "1"}),
    "imports.discard": Scene(_import, {"version": "1"}),
    "imports.errors": Scene(_import),
    "allocations.bulk_done": Scene(_batch),
    "allocations.bulk_undo": Scene(_batch),
    "jobs.follow": Scene(_job),
    "jobs.cancel": Scene(_job),
    "people.show": Scene(_person),
    "people.identify": Scene(_person, _NAME),
    "people.change_role": Scene(_person, {"role": "manager", "seen": "student"}),
    "people.deactivate": Scene(_person),
    "people.reactivate": Scene(_person),
    "people.end_sessions": Scene(_person),
    "people.let_teach": Scene(_person),
    "people.answer_for": Scene(_person),
    "people.anonymise": Scene(_person),
    "people.invite_again": Scene(_person),
    "people.withdraw": Scene(_person),
    "providers.disconnect": Scene(_identity),
    "allocations.course": Scene(_course),
    "allocations.ask": Scene(_course),
    "allocations.allocate": Scene(_course),
    "allocations.edit": Scene(_course),
    "allocations.change": Scene(_course),
    "allocations.ask_status": Scene(_course),
    "allocations.set_status": Scene(_course),
    "allocations.meet": Scene(_course),
    "allocations.stop_meeting": Scene(_meeting),
    "allocations.history": Scene(_course),
    "allocations.edit_view": Scene(_view),
    "allocations.change_view": Scene(_view),
    "allocations.delete_view": Scene(_view),
    "allocations.person_workload": Scene(_teacher),
    "allocations.set_terms": Scene(_teacher),
    "allocations.override": Scene(_course, {"facilitator": "1"}),
    "catalogue.entry": Scene(_module),
    "catalogue.change_entry": Scene(_module),
    "catalogue.set_active": Scene(_module),
    "catalogue.delete_entry": Scene(_module),
    "leave.withdraw": Scene(_leave),
    **of_the_api.API_SCENES,
    "api.show_log": Scene(_log),
    "api.replace_log": Scene(_log),
    "api.change_log": Scene(_log),
    "api.empty_log": Scene(_log),
    "tracker.course": Scene(_own_course),
    "tracker.course_week": Scene(_week_of_course),
    "tracker.log": Scene(_log),
    "tracker.set_item": Scene(_item, {"status": "Done"}),
    "tracker.save_log": Scene(_log),
    "tracker.submit_log": Scene(_log),
    "tracker.sheet": Scene(_log),
    "tracker.take_attendance": Scene(_log),
    "tracker.count_attendance": Scene(_log, {"there": "1", "of": "2"}),
    "tracker.course_attendance": Scene(_own_course),
    "checklist.item": Scene(_checklist_item),
    "checklist.change_item": Scene(_checklist_item, {"label_en": "A", "label_fr": "B", "from_week": "1"}),
    "checklist.move_item": Scene(_checklist_item),
    "checklist.set_item_active": Scene(_checklist_item, {"active": "0"}),
    "tracker.decide": Scene(_decision, {"reason": "Ill", "version": "1"}),
    "tracker.ask_to_reopen": Scene(_handed_in, {"reason": "A typo"}),
    "sessions.end": Scene(_session),
    "address_links.show": Scene(_address_link),
    "address_links.use": Scene(_address_link),
    "invitations.invitation": Scene(_invitation),
    "invitations.accept_invitation": Scene(_invitation),
    "passwords.reset": Scene(_reset),
    "passwords.set_by_link": Scene(_reset),
    "registration.confirmation": Scene(_confirmation),
    "registration.confirm": Scene(_confirmation),
    **scenes_of_notifications.SCENES,
}
