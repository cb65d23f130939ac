"""Messages as mail readers get them."""

from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import compat32, default
from pathlib import Path


def read_message(content: bytes) -> EmailMessage:
    """A message from what was sent.

    Its headers are parsed when they are asked for: the modern policy would parse some of each part five times only to
    find where the parts end.
    """
    message = BytesParser(EmailMessage, policy=compat32).parsebytes(content)
    for part in message.walk():
        part.policy = default
    return message


def read_mail(folder: Path) -> list[EmailMessage]:
    """The messages in a mail folder, oldest file name first."""
    return [read_message(path.read_bytes()) for path in sorted(folder.glob("**/*.eml"))]
