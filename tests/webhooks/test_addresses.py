"""Where messages may go, and where not, by whatever name."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from portal.config import SettingsError, load_settings
from portal.webhooks import sending
from portal.webhooks.addresses import NotAllowed, Reach, is_public, read_target
from portal.webhooks.sending import send
from tests.support.receiver import dripping, receiving

HERE = Reach((ip_network("127.0.0.0/8"),), with_http=True)
ANY = Reach(with_http=True)
PRIVATE = (
    "127.0.0.1", "127.8.8.8", "0.0.0.0",  # noqa: S104
    "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::1", "::",
    "fe80::1",
    "fc00::1", "fd00:ec2::254", "fec0::1",
    "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe", "64:ff9b::10.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("number", PRIVATE)
def test_private_numbers_are_not_public(number):
    assert not is_public(ip_address(number))


@pytest.mark.parametrize("number", ["93.184.216.34", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::1.1.1.1"])
def test_public_numbers_are(number):
    assert is_public(ip_address(number))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.org/", "insecure"),
        ("ftp://example.org/", "malformed"),
        ("https://", "malformed"),
        ("example.org", "malformed"),
        ("https://name:word@example.org/", "malformed"),
        ("https://example.org/#part", "malformed"),
        ("https://example.org:0/", "malformed"),
        ("https://example.org:99999/", "malformed"),
        ("https://exa mple.org/", "malformed"),
        ("https://example.org/\r\nX: y", "malformed"),
        ("https://example.org/é", "malformed"),
        ("https://[::1/", "malformed"),
        ("https://127.0.0.1/", "forbidden"),
        ("https://[::1]/", "forbidden"),
        ("https://[::ffff:169.254.169.254]/", "forbidden"),
        ("https://localhost/", "forbidden"),
        ("https://" + "a" * 64 + ".org/", "malformed"),
    ],
)
def test_an_address_that_cannot_be_says_why(url, code):
    with pytest.raises(NotAllowed) as refused:
        read_target(url, Reach())
    assert refused.value.code == code


def test_a_name_in_other_letters_is_asked_for_in_ascii():
    target = read_target("https://bücher.example:8443/a?b=c", Reach())
    assert (target.host, target.name, target.path) == ("xn--bcher-kva.example", "xn--bcher-kva.example:8443", "/a?b=c")
    assert read_target("https://[2606:4700::1]/", Reach()).name == "[2606:4700::1]"


def looked_up(monkeypatch, *answers):
    """Let every name stand for the next of these numbers; gives the names that were asked for."""
    asked, waiting = [], list(answers)

    def look_up(host, port, **_more):
        asked.append(host)
        numbers = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        return [
            (socket.AF_INET6 if ":" in one else socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port))
            for one in numbers
        ]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return asked


@pytest.mark.parametrize(
    "numbers", [["127.0.0.1"], ["::1"], ["169.254.169.254"], ["10.0.0.5"], ["1.1.1.1", "10.0.0.5"]]
)
def test_a_name_that_stands_for_a_private_number_is_not_connected_to(monkeypatch, numbers):
    looked_up(monkeypatch, numbers)
    with receiving() as receiver:
        outcome = send(f"http://innocent.example:{receiver.port}/", {}, b"{}", ANY)
    assert (outcome.error, receiver.received) == ("forbidden", [])


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "localhost."])
def test_other_spellings_of_this_machine_reach_nothing(host):
    with receiving() as receiver:
        outcome = send(f"http://{host}:{receiver.port}/", {}, b"{}", ANY)
    assert outcome.error in {"forbidden", "unknown"}
    assert receiver.received == []


def test_a_name_is_looked_up_once(monkeypatch):
    """What it stands for a moment later ("DNS rebinding") is not asked for."""
    with receiving() as receiver:
        asked = looked_up(monkeypatch, ["127.0.0.1"], ["10.0.0.1"])
        outcome = send(f"http://twice.example:{receiver.port}/", {}, b"{}", HERE)
    assert outcome.arrived
    assert asked == ["twice.example"]
    assert receiver.received[0].headers["host"] == f"twice.example:{receiver.port}"


def test_a_redirect_is_not_followed():
    with receiving() as inner, receiving() as outer:
        outer.says(302, Location=inner.url)
        outcome = send(outer.url, {}, b"{}", HERE)
        assert (outcome.status_code, outcome.error, outcome.arrived) == (302, "redirect", False)
        assert inner.received == []


def test_only_the_networks_that_are_set_are_allowed():
    with receiving() as receiver:
        elsewhere = Reach((ip_network("127.9.0.0/16"),), with_http=True)
        assert send(receiver.url, {}, b"{}", elsewhere).error == "forbidden"
        assert send(receiver.url, {}, b"{}", Reach((ip_network("127.0.0.1/32"),))).error == "insecure"
        assert send(receiver.url, {}, b"{}", HERE).arrived
    with pytest.raises(SettingsError, match="WEBHOOK_NETWORKS: use networks such as"):
        load_settings(_env_file=None, webhook_networks="10.0.0.0/8, home")


def test_nothing_takes_longer_than_its_time():
    with receiving() as receiver:
        receiver.pause = 3
        outcome = send(receiver.url, {}, b"{}", HERE, limit=0.3)
        assert (outcome.error, outcome.duration_ms < 2000) == ("timeout", True)
    for text in (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90, b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 900):
        with dripping(text, 0.02) as url:
            began = time.monotonic()
            assert send(url, {}, b"{}", HERE, limit=0.5).error == "timeout"
            assert time.monotonic() - began < 2


def test_of_a_long_answer_a_little_is_kept():
    with receiving() as receiver:
        receiver.says(500, b"<b>\0\r\n" + "é".encode() * 500_000)
        outcome = send(receiver.url, {}, b"{}", HERE)
    assert outcome.answer.startswith("<b>   é")
    assert len(outcome.answer) == 500


def test_what_is_no_answer_is_an_error_in_a_word():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        closed = listening.getsockname()[1]
    assert send(f"http://127.0.0.1:{closed}/", {}, b"{}", HERE).error == "refused"
    with dripping(b"SSH-2.0-OpenSSH\r\n", 0) as url:
        assert send(url, {}, b"{}", HERE).error == "broken"
    assert send("https://nowhere.invalid/", {}, b"{}", HERE).error == "unknown"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for hooks.example.org that nobody trusts, with its key, in one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name.from_rfc4514_string("CN=hooks.example.org")
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hooks.example.org")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "one.pem"
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


def test_a_certificate_is_asked_for_and_believed_by_name(monkeypatch, certificate):
    looked_up(monkeypatch, ["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with receiving(context) as receiver:
        address = f"https://hooks.example.org:{receiver.port}/"
        assert send(address, {}, b"{}", HERE).error == "tls"
        trusting = ssl.create_default_context(cafile=str(certificate))
        monkeypatch.setattr(sending, "_trust", lambda: trusting)
        assert send(f"https://other.example.org:{receiver.port}/", {}, b"{}", HERE).error == "tls"
        assert receiver.received == []
        assert send(address, {}, b"{}", HERE).arrived
    with dripping(b"\x16\x03\x03\x00\xff" + b"\0" * 500, 0.05) as url:
        assert send(url.replace("http://", "https://"), {}, b"{}", HERE, limit=0.4).error in {"timeout", "tls"}
