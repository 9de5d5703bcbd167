"""A socket that speaks in lines, as the worker holds it."""

import os
import selectors
import socket
import sys

_CHUNK = 65536


class LineSocket:
    """Where the other side is gone, receiving ends this process."""

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)  # the trial's own children must not hold it open
        self._socket = socket.socket(fileno=descriptor)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._socket, selectors.EVENT_READ)
        self._received = b""

    def send(self, line: bytes) -> None:
        self._socket.sendall(line)

    def close(self) -> None:
        """Leave it to whom else has it open; what waits there for lines is not disturbed."""
        self._socket.close()
        self._selector.close()

    def receive(self, seconds: float | None = None) -> bytes | None:
        """The next line, None when there is none in so many seconds; without a limit it waits."""
        while b"\n" not in self._received:
            if not self._selector.select(seconds):
                return None
            data = self._socket.recv(_CHUNK)
            if not data:
                sys.exit()
            self._received += data
        line, _, self._received = self._received.partition(b"\n")
        return line
