"""The beginning of a connection between a host and a parent: both prove that they know the run's token.

Each side sends a random nonce, and then the HMAC of both nonces with the token as key. The token itself is never sent.
What follows on the connection is neither encrypted nor signed, so the network between the machines has to be trusted,
or the connection has to go through SSH.
"""

import hashlib
import hmac
import json
import secrets
import socket
import time

from fxai.errors import FxaiError
from fxai.protocol.wire import json_of

SECONDS = 10.0  # for the whole handshake
LEAST_TOKEN = 16  # characters
_GREETING = "fxai host channel"
_MOST_BYTES = 4096
_NONCE_BYTES = 32


class HandshakeError(FxaiError):
    """The peer does not know the token or is no FxAI. The message is a clause about the peer, without the token."""


def new_token() -> str:
    """A random token for one run."""
    return secrets.token_urlsafe(32)


def admit_host(channel: socket.socket, token: str) -> bytes:
    """The parent's side of the handshake.

    Returns:
        Bytes of the host's first messages that have arrived already.

    Raises:
        HandshakeError: The peer does not know the token or is no host.
    """
    lines = _HandshakeLines(channel)
    own = secrets.token_hex(_NONCE_BYTES)
    lines.send({"greeting": _GREETING, "nonce": own})
    answer = lines.receive()
    nonce = answer.get("nonce", "")
    if answer.get("greeting") != _GREETING or len(nonce) != 2 * _NONCE_BYTES:
        raise HandshakeError("it is no host of FxAI")
    if not _proves(answer, token, "host", own, nonce):
        lines.send({"refused": "the token is wrong"})
        raise HandshakeError("it does not know the run's token")
    lines.send({"proof": _proof(token, "parent", own, nonce)})
    return lines.rest


def greet_parent(channel: socket.socket, token: str) -> bytes:
    """The host's side of the handshake; see `admit_host`."""
    lines = _HandshakeLines(channel)
    greeting = lines.receive()
    nonce = greeting.get("nonce", "")
    if greeting.get("greeting") != _GREETING or len(nonce) != 2 * _NONCE_BYTES:
        raise HandshakeError("it is no run of FxAI")
    own = secrets.token_hex(_NONCE_BYTES)
    lines.send({"greeting": _GREETING, "nonce": own, "proof": _proof(token, "host", nonce, own)})
    answer = lines.receive()
    if "refused" in answer:
        raise HandshakeError("it has another token")
    if not _proves(answer, token, "parent", nonce, own):
        raise HandshakeError("it does not know the token")
    return lines.rest


def _proof(token: str, role: str, parent_nonce: str, host_nonce: str) -> str:
    text = f"{_GREETING}\n{role}\n{parent_nonce}\n{host_nonce}"
    return hmac.new(_bytes(token), _bytes(text), hashlib.sha256).hexdigest()


def _proves(message: dict[str, str], token: str, role: str, parent_nonce: str, host_nonce: str) -> bool:
    expected = _proof(token, role, parent_nonce, host_nonce)
    return hmac.compare_digest(_bytes(message.get("proof", "")), _bytes(expected))


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


class _HandshakeLines:
    """Lines of JSON with texts over a socket, with a limit of time and bytes."""

    def __init__(self, channel: socket.socket) -> None:
        self.rest = b""
        self._channel = channel
        self._until = time.monotonic() + SECONDS

    def send(self, message: dict[str, str]) -> None:
        try:
            self._channel.settimeout(self._left())
            self._channel.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise HandshakeError(f"the connection broke ({error.strerror or error})") from None

    def receive(self) -> dict[str, str]:
        """The next line. Values that are no texts are left out."""
        while b"\n" not in self.rest:
            if len(self.rest) > _MOST_BYTES:
                raise HandshakeError("it sent a line that is too long")
            self.rest += self._received()
        line, _, self.rest = self.rest.partition(b"\n")
        try:
            document = json_of(line)
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise HandshakeError("it sent what is no message of FxAI")
        return {key: value for key, value in document.items() if isinstance(value, str)}

    def _received(self) -> bytes:
        try:
            self._channel.settimeout(self._left())
            data = self._channel.recv(_MOST_BYTES)
        except TimeoutError:
            raise HandshakeError(f"it did not answer within {SECONDS:g} s") from None
        except OSError as error:
            raise HandshakeError(f"the connection broke ({error.strerror or error})") from None
        if not data:
            raise HandshakeError("it closed the connection")
        return data

    def _left(self) -> float:
        return max(self._until - time.monotonic(), 0.001)
