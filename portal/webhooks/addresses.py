"""Where messages may go: to addresses of the public internet, by HTTPS, unless a setting says otherwise.

Whoever names an endpoint must not reach through the portal what only the portal's own network can reach. A name is
looked up once, everything that it stands for is checked, and the connection goes to what was checked: a name that
means something else a moment later ("DNS rebinding") gains nothing.
"""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Self
from urllib.parse import urlsplit

from portal.config import Settings
from portal.config.readers import Network

Address = IPv4Address | IPv6Address
_PORTS = {"https": 443, "http": 80}
# Translators to IPv4 (RFC 6052): the last four bytes are the address that is reached.
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
# A cloud's own service at an address that looks public.
_SERVICES = frozenset({IPv4Address("168.63.129.16")})


class NotAllowed(Exception):
    """A message must not go there; `code` says why in a word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Reach:
    """What is allowed beyond the public internet by HTTPS: networks, and HTTP."""

    networks: tuple[Network, ...] = ()
    with_http: bool = False

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """As it is set."""
        return cls(settings.networks_of_webhooks(), settings.webhook_http)


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart. `host` is in ASCII, without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def is_secure(self) -> bool:
        """Whether it is reached by HTTPS."""
        return self.scheme == "https"

    @property
    def name(self) -> str:
        """The host as a request names it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def read_target(url: str, reach: Reach) -> Target:
    """An address that messages may be sent to, as far as that is known without asking for its name.

    Raises NotAllowed: `malformed`, `insecure`, or `forbidden` for a number that lies in no network that is allowed.
    """
    if not url.isprintable() or any(letter.isspace() for letter in url):
        raise NotAllowed("malformed")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").encode("idna").decode() if parts.hostname else "", parts.port
        path = (parts.path or "/").encode("ascii").decode() + (
            f"?{parts.query.encode('ascii').decode()}" if parts.query else ""
        )
    except ValueError as error:
        raise NotAllowed("malformed") from error
    if parts.scheme not in _PORTS or not host or "@" in parts.netloc or "#" in url or port == 0:
        raise NotAllowed("malformed")
    if parts.scheme == "http" and not reach.with_http:
        raise NotAllowed("insecure")
    target = Target(parts.scheme, host, port or _PORTS[parts.scheme], path)
    if (number := _number(host)) is not None:
        _check(number, reach)
    elif host.rstrip(".") == "localhost" and not reach.networks:
        raise NotAllowed("forbidden")
    return target


def resolve(target: Target, reach: Reach) -> Sequence[tuple[int, tuple[object, ...]]]:
    """What a target's name stands for, as family and address of sockets: all of it may be reached.

    Raises NotAllowed: `unknown` when the name stands for nothing, `forbidden` when anything of it must not be reached.
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAllowed("unknown") from error
    for _family, _kind, _protocol, _name, place in found:
        number = _number(str(place[0]))
        if number is None:
            raise NotAllowed("forbidden")
        _check(number, reach)
    return [(family, place) for family, _kind, _protocol, _name, place in found]


def _check(number: Address, reach: Reach) -> None:
    if any(number.version == network.version and number in network for network in reach.networks):
        return
    if not is_public(number):
        raise NotAllowed("forbidden")


def is_public(number: Address) -> bool:
    """Whether an address belongs to the public internet, also when it only stands for another one."""
    if isinstance(number, IPv6Address):
        inner = number.ipv4_mapped or number.sixtofour or (number.teredo or (None, None))[1]
        if inner is None and any(number in network for network in _TRANSLATED):
            inner = IPv4Address(number.packed[-4:])
        if inner is not None:
            return is_public(inner)
        if number.is_site_local:
            return False
    return number.is_global and not number.is_multicast and not number.is_reserved and number not in _SERVICES


def _number(host: str) -> Address | None:
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        return None
