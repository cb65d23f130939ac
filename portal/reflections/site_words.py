"""What the page of reflections on a static host says, in one language; its script fills in what stands in braces."""

from flask_babel import get_translations
from flask_babel import gettext as _

from portal.reflections.models import FormMode


def words_of_site() -> dict[str, str]:
    """The sentences by name, in the language that is in force."""
    return {**_frame(), **_door(), **_page(), **_keeping(), **_modes(), **_counts()}


def _frame() -> dict[str, str]:
    return {
        "reflections": _("Reflections"),
        "language": _("Language of this page"),
        "skip": _("Skip to the content"),
        "sign_out": _("Sign out"),
        "none_open": _("Nothing is open at present."),
        "unknown": _("What is open appears here as soon as the portal can be reached."),
        "away": _("The portal cannot be reached at present. What you write is kept on this device."),
        "until": _("open until %(day)s", day="{day}"),
        "write": _("Write"),
        "write_on": _("Write the reflection on %(course)s", course="{course}"),
        "leave_title": _("Sign out and delete what is not sent?"),
        "leave_text": _("What you have written and not sent yet is on this device alone. Signing out deletes it."),
        "stay": _("Stay signed in"),
        "sign_out_delete": _("Sign out and delete"),
    }


def _door() -> dict[str, str]:
    return {
        "door_text": _("Say of your courses what helped you to learn and what should change."),
        "email": _("Email"),
        "password": _("Password"),
        "sign_in": _("Sign in"),
        "not_student": _("Reflections are written by students. This account is not one of a student."),
        "in_portal": _("Or write it in the portal, such as when you sign in without a password."),
        "again_title": _("Sign in again to go on"),
        "again_text": _("Your session has ended. Nothing you typed is lost."),
        "not_now": _("Not now"),
    }


def _page() -> dict[str, str]:
    return {
        "open_until": _("Open until %(day)s, end of the day.", day="{day}"),
        "who": _("Who will read this?"),
        "nth": _("%(nth)s of %(total)s", nth="{nth}", total="{total}"),
        "optional": _("(optional)"),
        "answered": _("%(count)s of %(total)s answered", count="{count}", total="{total}"),
        "needed": _("This question needs an answer."),
        "nothing": _("Answer at least one question."),
        "send": _("Send my reflection"),
        "thanks": _("Thank you. Your reflection is sent."),
        "took_part": _("You took part on %(day)s. Your receipt:", day="{day}"),
        "dropped": _("The copy on this device is deleted. In the portal you see what comes of it."),
    }


def _keeping() -> dict[str, str]:
    return {
        "on_device": _("Saved on this device"),
        "not_saved": _("Not saved yet"),
        "waits": _("Kept on this device. It is sent as soon as this page reaches the portal."),
        "go_on": _("Go on writing"),
        "old_title": _("There is an older draft on this device"),
        "old_text": _(
            "It was written on an earlier page for reflections. If it is yours, you can put it into the fields below."
        ),
        "old_take": _("Put it into the fields"),
        "old_drop": _("Delete it"),
    }


def _modes() -> dict[str, str]:
    readers = _("Whoever teaches the course and the academic office")
    given = {"readers": readers, "num": "{num}"}
    named = _("whoever teaches the course and the academic office")
    return {
        FormMode.ANONYMOUS.value: _(
            "Your answers are anonymous. %(readers)s read them without your name, after this reflection has closed, "
            "and only if at least %(num)s people have answered. We keep that you took part, never a link to what you "
            "write.",
            **given,
        ),
        FormMode.CONFIDENTIAL.value: _(
            "Your answers are confidential. %(readers)s read them without your name, after this reflection has closed, "
            "and only if at least %(num)s people have answered. The portal keeps which answers are yours, so that you "
            "find them in your own data; nobody else is shown it.",
            **given,
        ),
        FormMode.NAMED.value: _(
            "Your answers are read with your name beside them: by %(readers)s, after this reflection has closed.",
            readers=named,
        ),
    }


def _counts() -> dict[str, str]:
    """Both forms of what is counted: `…_one` and `…_some`."""
    found: dict[str, str] = {}
    for form, number in (("one", 1), ("some", 2)):
        for name, text in _plurals(number).items():
            found[f"{name}_{form}"] = text % {"num": "{num}"}
    return found


def _plurals(number: int) -> dict[str, str]:
    ngettext = get_translations().ngettext
    return {
        "left": ngettext("%(num)s character left", "%(num)s characters left", number),
        "questions": ngettext("%(num)s question", "%(num)s questions", number),
        "minutes": ngettext("about %(num)s minute.", "about %(num)s minutes.", number),
        "open": ngettext("%(num)s reflection is open.", "%(num)s reflections are open.", number),
    }
