"""Reflections: what students say of a course, without anybody knowing who said what."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app

from portal.accounts import personal_data
from portal.accounts.signals import Former, person_left
from portal.allocations.services import offerings_changed
from portal.allocations.services.signals import offerings_leaving
from portal.reflections import routes
from portal.reflections.commands import reflections
from portal.reflections.queries import personal
from portal.reflections.sealing import Sealer, sealer_of
from portal.reflections.services.forgetting import forget_writer
from portal.reflections.services.rounds import find_with_rounds, follow_courses
from portal.reflections.telling_words import init_telling
from portal.reflections.words import init_words


def init_app(app: Flask) -> None:
    """Register pages and notices, what is said of a person and forgotten of them, and follow the dates of courses."""
    app.register_blueprint(routes.bp)
    app.cli.add_command(reflections)
    init_words(app)
    init_telling()
    personal_data.register("reflections", personal.list_parts_taken)
    personal_data.register("reflection_answers", personal.list_own_answers)
    personal_data.register("reflection_replies", personal.list_replies)
    personal_data.register("reflection_drafts", _list_drafts)
    person_left.connect(_forget)
    offerings_changed.connect(_follow)
    offerings_leaving.connect(_find_used)


def _sealer() -> Sealer:
    return sealer_of(current_app.config["SECRET_KEY"])


def _list_drafts(user_id: int) -> list[dict[str, Any]]:
    return personal.list_own_drafts(user_id, _sealer())


def _forget(_sender: object, former: Former) -> None:
    forget_writer(former.user_id, _sealer().owner_key(former.user_id))


def _follow(_sender: object, offering_ids: Sequence[int]) -> None:
    follow_courses(offering_ids)


def _find_used(_sender: object, offering_ids: Sequence[int]) -> set[int]:
    return find_with_rounds(offering_ids)
