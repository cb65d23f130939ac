"""Where mail goes: files or a mail server, with TLS where there is one."""

import smtplib
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from portal.notifications.mail.transport import FileMail, MailServerAway, SmtpMail, open_mail


def letter(to: str = "ada@example.org") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portal@example.org", to, "Hello"
    message.set_content("Words")
    return message


@pytest.mark.parametrize("form", ["file:{}", "file://{}"])
def test_files_are_written_whole_and_a_repeated_mail_replaces_itself(form: str, tmp_path: Path) -> None:
    folder = tmp_path / "a folder with 100% odd#name?"
    with open_mail(form.format(folder)) as mail:
        assert isinstance(mail, FileMail)
        mail.send(letter(), "delivery-1")
        mail.send(letter(), "delivery-1")
    assert [path.name for path in folder.iterdir()] == ["delivery-1.eml"]


def test_one_connection_carries_many_mails(smtp_sink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    connections = []
    connect = SmtpMail._connect
    monkeypatch.setattr(SmtpMail, "_connect", lambda self: connections.append(1) or connect(self))
    with open_mail(smtp_sink.url) as mail:
        for number in range(5):
            mail.send(letter(f"p{number}@example.org"), "x")
    assert (len(smtp_sink.messages), len(connections)) == (5, 1)


def test_a_refused_mail_keeps_the_connection(smtp_sink: Any) -> None:
    with open_mail(smtp_sink.url) as mail:
        smtp_sink.refuse = "550 no"
        with pytest.raises(smtplib.SMTPException):
            mail.send(letter(), "x")
        smtp_sink.refuse = ""
        mail.send(letter(), "x")
    assert len(smtp_sink.messages) == 1


def test_a_connection_that_the_server_ended_is_made_anew(smtp_sink: Any) -> None:
    with open_mail(smtp_sink.url) as mail:
        assert isinstance(mail, SmtpMail)
        mail.send(letter(), "x")
        assert mail._server
        assert mail._server.sock
        mail._server.sock.close()
        mail._server.sock = None
        mail.send(letter(), "x")
    assert len(smtp_sink.messages) == 2


def test_an_unreachable_server_is_not_the_fault_of_a_mail() -> None:
    with open_mail("smtp://127.0.0.1:1") as mail, pytest.raises(MailServerAway, match=r"127\.0\.0\.1:1"):
        mail.send(letter(), "x")


def test_a_server_without_tls_is_not_told_a_password_across_the_network(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []

    class Plain(smtplib.SMTP):
        def __init__(self, *_given: Any, **_named: Any) -> None:
            self.esmtp_features = {}

        def ehlo_or_helo_if_needed(self) -> None:
            said.append("ehlo")

        def login(self, *_given: Any, **_named: Any) -> Any:
            said.append("login")

        def close(self) -> None:
            said.append("close")

    monkeypatch.setattr(smtplib, "SMTP", Plain)
    with open_mail("smtp://me:s%40cret@mail.example.org:587") as mail, pytest.raises(MailServerAway, match="no TLS"):
        mail.send(letter(), "x")
    assert said == ["ehlo", "close"]


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("smtp://mail.example.org", (False, "mail.example.org", 25, "", "")),
        ("smtps://mail.example.org", (True, "mail.example.org", 465, "", "")),
        ("smtp://a%40b:p%3Aw%2F@mail.example.org:587", (False, "mail.example.org", 587, "a@b", "p:w/")),
    ],
)
def test_an_address_is_read_as_the_readme_says(address: str, expected: tuple[Any, ...]) -> None:
    mail = SmtpMail(address)
    assert (mail._tls, mail._host, mail._port, mail._user, mail._password) == expected
