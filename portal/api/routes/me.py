"""One's own account."""

from dataclasses import fields, replace

from flask import abort
from flask_login import current_user

from portal.accounts.queries.profiles import Profile, find_profile
from portal.accounts.services.locking import lock_account
from portal.accounts.services.profile import ProfileDraft, save_profile
from portal.api.blueprint import bp
from portal.api.conditional import tag_seen
from portal.api.operations import TAGGED, Reply, operation
from portal.api.schemas.auth import Me, ProfileChange
from portal.extensions import db
from portal.web.access import actor, everyone


@bp.get("/auth/me")
@everyone
@operation("Read one's own account", answer=Me)
def me() -> Me:
    """Who the token stands for."""
    return _shown()


@bp.patch("/auth/me")
@everyone
@operation("Change one's own account", body=ProfileChange, answer=Me)
def change_me(body: ProfileChange) -> Reply:
    """Change what people may change of themselves."""
    lock_account(current_user.id)
    tag_seen(_shown())
    shown = _draft(find_profile(current_user.id) or abort(404))
    # Without the null that empties: in a draft that is an empty text.
    sent = {name: getattr(body, name) or "" for name in body.model_fields_set}
    save_profile(current_user.id, shown, replace(shown, **sent), actor())
    db.session.commit()
    return Reply(_shown(), TAGGED)


def _draft(profile: Profile) -> ProfileDraft:
    return ProfileDraft(**{one.name: getattr(profile, one.name) or "" for one in fields(ProfileDraft)})


def _shown() -> Me:
    profile = find_profile(current_user.id) or abort(404)
    person = current_user
    return Me(
        id=person.id,
        role=person.role,
        is_active=person.is_active,
        email=profile.email,
        first_name=profile.first_name,
        last_name=profile.last_name,
        title=profile.title,
        bio=profile.bio,
        locale=profile.locale,
        time_zone=profile.time_zone,
        notification_email=profile.notification_email,
        deletion_asked_at=profile.deletion_asked_at,
    )
