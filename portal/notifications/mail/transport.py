"""Where mail goes: files in a folder, or a mail server with TLS where there is one."""

import os
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

# Seconds for each step of the conversation.
_TIMEOUT = 20.0
_YES = 250
_FOR_GOOD = 500
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class MailServerAway(Exception):
    """The mail server cannot be reached, or lets nobody in: no message is at fault."""


class AddressRefused(Exception):
    """The mail server will not take anything for this address, now or later: it answered 5xx to its name."""

    def __init__(self, code: str, said: str) -> None:
        super().__init__(f"{code} {said}")
        self.code, self.said = code, said


class Mail(Protocol):
    """Takes messages."""

    def send(self, message: EmailMessage, name: str) -> None:
        """Hand over one message. Raises MailServerAway, or any other error when this message was refused.

        `name` is the same whenever the message is, and names its file.
        """


@contextmanager
def open_mail(address: str) -> Iterator[Mail]:
    """The transport of MAIL_URL: `file:/folder`, `smtp://user:password@host:587` or `smtps://…`.

    A mail server is called when the first message is sent, and keeps its connection for the next.
    """
    if address.startswith("file:"):
        yield FileMail(Path(address.removeprefix("file:").removeprefix("//")))
        return
    mail = SmtpMail(address)
    try:
        yield mail
    finally:
        mail.close()


class FileMail:
    """Writes each message as a file; a repeated one replaces itself."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, message: EmailMessage, name: str) -> None:
        """Write `name`.eml; nobody ever sees half of it."""
        self._folder.mkdir(parents=True, exist_ok=True)
        half = self._folder / f".{name}.{os.getpid()}.part"
        half.write_bytes(message.as_bytes())
        half.replace(self._folder / f"{name}.eml")


class SmtpMail:
    """Sends through a server: TLS from the start (smtps) or as soon as the server offers it (smtp)."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._tls = parts.scheme == "smtps"
        self._host = parts.hostname or "localhost"
        self._port = parts.port or (465 if self._tls else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._server: smtplib.SMTP | None = None

    def send(self, message: EmailMessage, name: str) -> None:
        """Hand the message to the server; `name` is of no use here, since the Message-ID says the same."""
        server = self._at_hand()
        try:
            server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(error) from error
        except OSError as error:
            # A server that said no goes on listening. After anything else it is unknown whether this one
            # was taken, and the next begins on a new connection.
            if not isinstance(error, smtplib.SMTPResponseException):
                self.close()
            raise

    def close(self) -> None:
        """Say goodbye."""
        server, self._server = self._server, None
        if server:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()

    def _at_hand(self) -> smtplib.SMTP:
        # Servers end a connection after so many messages or seconds: ask before, not with a message at stake.
        if self._server and self._answers(self._server):
            return self._server
        self.close()
        try:
            self._server = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise MailServerAway(f"{self._host}:{self._port}: {error}") from error
        return self._server

    @staticmethod
    def _answers(server: smtplib.SMTP) -> bool:
        try:
            return server.noop()[0] == _YES
        except (OSError, smtplib.SMTPException):
            return False

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._tls:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=_TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT)
        try:
            self._greet(server, context)
        except BaseException:
            server.close()
            raise
        return server

    def _greet(self, server: smtplib.SMTP, context: ssl.SSLContext) -> None:
        server.ehlo_or_helo_if_needed()
        encrypted = self._tls
        if not encrypted and server.has_extn("starttls"):
            server.starttls(context=context)
            server.ehlo()
            encrypted = True
        if self._user:
            if not encrypted and self._host not in _LOOPBACK:
                raise smtplib.SMTPException("the server offers no TLS, and a password is not sent in the open")
            server.login(self._user, self._password)


def _refusal(error: smtplib.SMTPRecipientsRefused) -> Exception:
    """For good when the server said so (RFC 5321 §4.2.1: 5yz), else worth another attempt."""
    code, said = next(iter(error.recipients.values()))
    return AddressRefused(str(code), said.decode(errors="replace")) if code >= _FOR_GOOD else error
