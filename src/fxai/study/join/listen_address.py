"""The address at which a run accepts the workers of other runs."""

import contextlib
import re
import socket
from dataclasses import dataclass

from fxai.errors import InputError
from fxai.search.database import parse_url

_LOOPBACK = "127.0.0.1"
_ANY = {"0.0.0.0", "::"}  # noqa: S104 - refused
_DEFAULT_PORT = 5432  # any port gives the same address
_HIGHEST_PORT = 65535
_FORM = re.compile(r"(?:\[(?P<bracketed>[^\]]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>\d+))?")


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host name or an IP address of this machine, and a port; 0 for any free port."""

    host: str
    port: int = 0


def parse_listen_address(text: str) -> ListenAddress:
    """Read `HOST` or `HOST:PORT`; an IPv6 address is in brackets.

    Raises:
        InputError: The text has another form.
    """
    found = _FORM.fullmatch(text.strip())
    port = int(found["port"] or 0) if found is not None else 0
    if found is None or port > _HIGHEST_PORT:
        raise InputError(
            f"--join-address {text!r} is no address; write a name or an IP address of this machine, with a port where "
            "a firewall asks for one: 192.0.2.7, worker1.example.com:8053 or [2001:db8::7]:8053"
        )
    host = found["bracketed"] or found["host"]
    if host in _ANY:
        raise InputError(
            f"--join-address {host}: give one address of this machine, by which the other machines reach it"
        )
    return ListenAddress(host, port)


def address_towards(url: str) -> ListenAddress:
    """The address of this machine by which it reaches the server of a database. Nothing is sent."""
    server = parse_url(url)
    if not server.host:  # a socket of this machine
        return ListenAddress(_LOOPBACK)
    with contextlib.suppress(OSError):
        for family, _, _, _, address in socket.getaddrinfo(
            server.host, server.port or _DEFAULT_PORT, type=socket.SOCK_DGRAM
        ):
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect(address)
                return ListenAddress(str(probe.getsockname()[0]))
    return ListenAddress(_LOOPBACK)
