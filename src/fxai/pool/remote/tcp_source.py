"""Hosts that connect to the parent over TCP."""

import contextlib
import selectors
import socket
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from fxai.errors import InputError
from fxai.pool.remote.handshake import LEAST_TOKEN, HandshakeError, admit_host
from fxai.pool.remote.line_stream import PARENT_KEEP_ALIVE, KeepAlive
from fxai.pool.remote.socket_source import SocketLink, SocketSource

LOOPBACK = "127.0.0.1"
_HANDSHAKES = 16  # at once
_MOST_REFUSED = 100  # addresses of refused peers that are shown


class TcpSource:
    """A `HostSource` that listens for hosts. A peer without the token is refused; the pool gives a notice of it."""

    def __init__(
        self, token: str, address: str = LOOPBACK, port: int = 0, keep_alive: KeepAlive = PARENT_KEEP_ALIVE
    ) -> None:
        """Listen.

        Args:
            token: Secret that hosts have to know.
            address: Of this machine, on which hosts connect.
            port: 0 for a free one.
            keep_alive: When a silent host counts as lost.

        Raises:
            InputError: The address cannot be used, or the token is too short.
        """
        check_token(token)
        self._token = token
        self._sockets = SocketSource(keep_alive)
        try:
            self._listener = socket.create_server((address, port), family=_family(address), backlog=256)
        except OSError as error:
            self._sockets.close()
            raise InputError(
                f"cannot wait for hosts on {address}:{port}: {error.strerror or error}; give an address of this "
                "machine and a free port"
            ) from None
        self._refused: set[tuple[str, str]] = set()
        self._ended, self._end = socket.socketpair()
        self._handshakes = ThreadPoolExecutor(_HANDSHAKES, thread_name_prefix="handshake")
        self._thread = threading.Thread(target=self._accept, name="listener", daemon=True)
        self._thread.start()

    @property
    def address(self) -> tuple[str, int]:
        """Address and port on which this process listens."""
        address, port, *_ = self._listener.getsockname()
        return address, port

    @property
    def sockets(self) -> SocketSource:
        """The source of the connections, to which hosts of this machine may be added."""
        return self._sockets

    def links(self) -> Sequence[SocketLink]:
        return self._sockets.links()

    def wait(self, timeout: float) -> None:
        self._sockets.wait(timeout)

    def close(self) -> None:
        """Let no further host join, and close all connections. A second call does nothing."""
        self._end.close()
        self._thread.join()
        self._listener.close()
        self._handshakes.shutdown(wait=False, cancel_futures=True)
        self._sockets.close()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            selector.register(self._ended, selectors.EVENT_READ)
            while all(key.fileobj is self._listener for key, _ in selector.select()):
                with contextlib.suppress(OSError):  # the peer has gone already
                    channel, address = self._listener.accept()
                    self._handshakes.submit(self._admit, channel, str(address[0]))
        self._ended.close()

    def _admit(self, channel: socket.socket, address: str) -> None:
        """Add the connection if the peer knows the token, otherwise have it refused once for each address."""
        try:
            received = admit_host(channel, self._token)
        except HandshakeError as error:
            refusal = (address, str(error))
            if refusal in self._refused or len(self._refused) >= _MOST_REFUSED:
                channel.close()
                return
            self._refused.add(refusal)
            self._sockets.add(channel, address, refused=str(error))
        else:
            self._sockets.add(channel, address, received=received)


def check_token(token: str) -> None:
    """Raise an InputError if the token can be guessed."""
    if len(token) < LEAST_TOKEN:
        raise InputError(f"the token for hosts has {len(token)} characters; it needs at least {LEAST_TOKEN}")


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET
