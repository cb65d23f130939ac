"""How often one may knock: limits that follow `RATELIMIT_AUTH`."""

import re

from flask import current_app, request

from portal.accounts.services.attempts import address_key
from portal.config.present import present_settings

_CAMPUS = 20
_AMOUNT = re.compile(r"\d+(?=\s*(?:per|/))")  # the 5 of "5 per 15 minutes"


def auth_limit() -> str:
    """What one account may cause."""
    limit: str = present_settings().ratelimit_auth
    return limit


def place_limit() -> str:
    """What one network address may cause: a whole campus often stands behind a single one."""
    return _AMOUNT.sub(lambda amount: str(_CAMPUS * int(amount[0])), auth_limit())


def typed_address_key() -> str:
    """The key of the address that stands in the form; the address itself is kept nowhere."""
    return address_key(request.form.get("email", ""), current_app.config["SECRET_KEY"])
