"""A socket for messages of one line each, used by the worker."""

import os
import selectors
import socket
import sys

_CHUNK = 65536


class LineSocket:
    """Sends and receives lines. If the peer has closed the connection, receiving ends this process."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # child processes must not keep it open
        self.socket = socket.socket(fileno=descriptor)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self.socket, selectors.EVENT_READ)
        self._received = b""

    def send(self, line: bytes) -> None:
        self.socket.sendall(line)

    def close(self) -> None:
        """Close this process's descriptor; other processes may keep theirs."""
        self.socket.close()
        self._selector.close()

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next line; None if none arrives within `seconds`. Without `seconds` it waits."""
        while b"\n" not in self._received:
            if not self._selector.select(seconds):
                return None
            data = self.socket.recv(_CHUNK)
            if not data:
                sys.exit()
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line
