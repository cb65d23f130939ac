"""Mail that came back: reading a report of a mail server (RFC 3464) and keeping for whom it was.

A report counts only for a message that the portal sent to that address: its Message-ID stands in the part of the mail
that comes back, so that nobody marks somebody else's address by writing a report of their own.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.policy import default

from sqlalchemy import select

from portal.accounts.models import User
from portal.extensions import db
from portal.notifications.models import Delivery, DeliveryState
from portal.notifications.services.refusals import note_refusal

# A report may bring the whole mail back; what it says stands at its beginning.
MOST_BYTES = 4 << 20
_OURS = re.compile(r"<delivery\.(\d{1,10})\.([0-9a-f]{1,12})@", re.ASCII)
_HEADERS = ("message/rfc822", "message/rfc822-headers", "text/rfc822-headers")


@dataclass(frozen=True, slots=True)
class Bounced:
    """An address that a report gives up on, with its status (such as 5.1.1) and what the server said."""

    address: str
    status: str
    said: str


def read_report(content: bytes) -> tuple[Sequence[Bounced], str]:
    """Who cannot be reached by a report, and the Message-ID of the mail; empty for what is no report."""
    message = message_from_bytes(content[:MOST_BYTES], policy=default)
    bounced, message_id = [], ""
    for part in message.walk():
        if part.get_content_type() == "message/delivery-status":
            bounced += list(_failures(part))
        elif part.get_content_type() in _HEADERS:
            message_id = message_id or _message_id(part)
    return bounced, message_id


def _failures(part: Message) -> Iterator[Bounced]:
    """RFC 3464 §2.3: a block of fields for each recipient; delayed and relayed mail is on its way still."""
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else ():
        if not isinstance(block, Message) or _field(block, "Action").lower() != "failed":
            continue
        address = _after_type(_field(block, "Final-Recipient")) or _after_type(_field(block, "Original-Recipient"))
        said = _after_type(_field(block, "Diagnostic-Code"))
        if address:
            yield Bounced(address.strip("<>").lower(), _field(block, "Status")[:20], said)


def _field(block: Message, name: str) -> str:
    return " ".join(str(block.get(name, "")).split())


def _after_type(value: str) -> str:
    """`rfc822; ada@example.org` without its type."""
    return value.partition(";")[2].strip()


def _message_id(part: Message) -> str:
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return _field(payload[0], "Message-ID")
    found = re.search(r"^message-id:\s*(<[^>\s]+>)", str(payload), re.IGNORECASE | re.MULTILINE)
    return found[1] if found else ""


def record_report(content: bytes) -> tuple[int, str]:
    """Keep for whom a mail came back; how many that were, and why nobody where it was nobody.

    The caller commits. Two statements, and three for who is marked.
    """
    bounced, message_id = read_report(content)
    if not bounced:
        return 0, "It is no delivery report that gives up on somebody."
    ours = _OURS.match(message_id)
    sent = _find_sent(int(ours[1]), int(ours[2], 16)) if ours else None
    if sent is None:
        return 0, "It is not about a mail of this portal."
    delivery, addresses = sent
    theirs = [one for one in bounced if one.address in addresses]
    for one in theirs:
        note_refusal(delivery.recipient_id, one.address, one.status, one.said, is_bounce=True)
        delivery.last_error = f"Came back: {one.status} {one.said}".strip()[:2000]
    return len(theirs), "" if theirs else "The mail did not go to this address."


def _find_sent(delivery_id: int, made_at: int) -> tuple[Delivery, set[str]] | None:
    """A mail that was sent, and where it may have gone; None when it was made at another moment than it says."""
    wanted = select(Delivery, User.email, User.notification_email).join(User, User.id == Delivery.recipient_id)
    found = db.session.execute(wanted.where(Delivery.id == delivery_id, Delivery.state == DeliveryState.SENT)).first()
    if found is None or int(found[0].created_at.timestamp()) != made_at:
        return None
    return found[0], {address.lower() for address in found[1:] if address}
