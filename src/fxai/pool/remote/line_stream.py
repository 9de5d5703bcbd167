"""Lines over a connected socket, sent and received without waiting. An empty line only shows that the peer is alive."""

import contextlib
import socket
import time
from dataclasses import dataclass

from fxai.pool.remote.messages import MOST_MESSAGE_BYTES

_CHUNK = 1 << 18
_MOST_CHUNKS = 16  # read at once, so that one peer cannot keep the reader busy


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """How often a peer sends something, and after how many silent seconds it counts as lost."""

    every: float
    limit: float


PARENT_KEEP_ALIVE = KeepAlive(2.0, 20.0)
HOST_KEEP_ALIVE = KeepAlive(2.0, 12.0)
"""A host gives up before the parent does, so that its workers have ended when their trials begin elsewhere."""


class LineStream:
    """A socket for lines. `closed` is why nothing more can be sent or received: a clause about the peer.

    The owner closes the socket, `channel`, when nothing waits for the peer's end any more.
    """

    def __init__(self, channel: socket.socket, keep_alive: KeepAlive, received: bytes = b"") -> None:
        """Use a socket. `received` are bytes that were read from it already."""
        self.closed: str | None = None
        self.channel = channel
        self._keep_alive = keep_alive
        self._received = bytearray(received)
        self._searched = 0  # so many received bytes have no line end
        self._unsent = bytearray()
        self._heard_at = self._sent_at = time.monotonic()
        channel.setblocking(False)
        with contextlib.suppress(OSError):  # it is no TCP socket
            channel.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    @property
    def wants_to_send(self) -> bool:
        return bool(self._unsent)

    def queue(self, line: bytes) -> None:
        """Have the line sent by `send_on`."""
        self._unsent += line

    def send_no_more(self) -> None:
        """Let the peer know that nothing more will be sent."""
        with contextlib.suppress(OSError):
            self.channel.shutdown(socket.SHUT_WR)

    def send_on(self) -> None:
        """Send what the socket accepts now."""
        try:
            while self._unsent and self.closed is None:
                sent = self.channel.send(memoryview(self._unsent)[:_CHUNK])
                del self._unsent[:sent]
                self._sent_at = time.monotonic()
        except BlockingIOError:
            return
        except OSError as error:
            self.close(f"the connection broke ({error.strerror or error})")

    def receive(self) -> list[bytes]:
        """The complete lines that have arrived. `closed` is set after the last ones."""
        if self.closed is not None:
            return []
        try:
            for _ in range(_MOST_CHUNKS):
                data = self.channel.recv(_CHUNK)
                if not data:
                    self.close("it closed the connection")
                    break
                self._received += data
                self._heard_at = time.monotonic()
        except BlockingIOError:
            pass
        except OSError as error:
            self.close(f"the connection broke ({error.strerror or error})")
        return self._lines()

    def keep_time(self) -> None:
        """Send an empty line when it is due, and close the stream of a peer that was silent for too long."""
        now = time.monotonic()
        if now - self._heard_at > self._keep_alive.limit:
            self.close(f"it sent nothing for {self._keep_alive.limit:g} s")
        elif now - self._sent_at > self._keep_alive.every and not self._unsent:
            self.queue(b"\n")
            self.send_on()

    def close(self, reason: str) -> None:
        """Send and receive nothing more. The first reason is kept."""
        if self.closed is None:
            self.closed = reason
            self._unsent.clear()

    def _lines(self) -> list[bytes]:
        end = self._received.rfind(b"\n", self._searched)
        if end < 0:
            self._searched = len(self._received)
            lines: list[bytes] = []
        else:
            lines = [line for line in bytes(self._received[:end]).split(b"\n") if line]
            del self._received[: end + 1]
            self._searched = len(self._received)
        if len(self._received) > MOST_MESSAGE_BYTES:
            self.close("it sent a line that is too long")
        return lines
