"""Mail: how messages are written and handed over."""

from portal.notifications.mail.transport import AddressRefused, Mail, MailServerAway, open_mail
from portal.notifications.mail.writing import Section, write_message, write_test

__all__ = ["AddressRefused", "Mail", "MailServerAway", "Section", "open_mail", "write_message", "write_test"]
