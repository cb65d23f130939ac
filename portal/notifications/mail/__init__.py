"""Mail: how messages are written and handed over."""

from portal.notifications.mail.transport import AddressRefused, Mail, MailServerAway, open_mail
from portal.notifications.mail.writing import Section, language_of, write_message, write_test, zone_of

__all__ = [
    "AddressRefused",
    "Mail",
    "MailServerAway",
    "Section",
    "language_of",
    "open_mail",
    "write_message",
    "write_test",
    "zone_of",
]
