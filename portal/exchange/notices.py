"""What the inbox says of imports. No mail is sent: who imports looks at the portal soon."""

from collections.abc import Sequence

from flask_babel import format_decimal, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.audit.services import Actor
from portal.notifications.groups import WORK
from portal.notifications.kinds import Kind, Line, Params, Topic, register
from portal.notifications.services import Fact, notify_many

_PAGE = "/imports/"
_DEED = _l("Go to the imports")


def init_notices() -> None:
    """Make the kinds known."""
    register(
        Topic("imports", "", lambda _content: "", lambda _user_id, _facts, _now: None),
        Kind("import_checked", "imports", "open", _PAGE, _DEED, _checked, _lines_of_checks, group=WORK),
        Kind("import_done", "imports", "on_time", _PAGE, _DEED, _done, _lines_of_imports, group=WORK),
    )


def tell_checked(owner: Actor, run_id: int, version: int, source: str, errors: int) -> None:
    """Tell who began it that their files are checked."""
    _tell(owner, "import_checked", f"import:{run_id}:{version}", source=source, errors=errors)


def tell_done(owner: Actor, run_id: int, source: str, rows: int) -> None:
    """Tell who began it that their files are imported."""
    _tell(owner, "import_done", f"import:{run_id}:done", source=source, rows=rows)


def _tell(owner: Actor, kind: str, key: str, **params: object) -> None:
    if owner.user_id is not None:
        notify_many([Fact(owner.user_id, kind, params, key)])


def _checked(told: Sequence[Params]) -> str:
    return str(_("Your files are checked and wait for your word"))


def _done(told: Sequence[Params]) -> str:
    return str(_("Your import is finished"))


def _lines_of_checks(told: Sequence[Params]) -> Sequence[Line]:
    return [
        Line(
            str(one["source"]),
            ngettext("%(count)s error", "%(count)s errors", one["errors"], count=format_decimal(one["errors"]))
            if one["errors"]
            else _("no errors"),
        )
        for one in told
    ]


def _lines_of_imports(told: Sequence[Params]) -> Sequence[Line]:
    return [
        Line(
            str(one["source"]),
            ngettext("%(count)s row written", "%(count)s rows written", one["rows"], count=format_decimal(one["rows"])),
        )
        for one in told
    ]
