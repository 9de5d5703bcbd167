"""Hosts over connected sockets. A thread sends, receives and keeps the connections alive while the parent computes."""

import contextlib
import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence

from fxai.pool.remote.line_stream import PARENT_KEEP_ALIVE, KeepAlive, LineStream
from fxai.pool.remote.messages import FromHost, ToHost, encoded, from_host
from fxai.pool.started_worker import END_SECONDS

_END_SECONDS = 2 * END_SECONDS  # for a host to end its workers and to close the connection


class SocketLink:
    """A `HostLink` over a socket. The thread of its source uses the stream, under the source's lock."""

    def __init__(self, name: str, stream: LineStream, lock: threading.Condition, wake: Callable[[], None]) -> None:
        self.name = name
        self.stream = stream
        self._lock = lock
        self._wake = wake
        self._received: list[FromHost] = []
        self._end_by: float | None = None  # when the connection is closed at the latest, once the pool has ended it

    @property
    def lost(self) -> str | None:
        with self._lock:
            return self.stream.closed

    @property
    def is_ended(self) -> bool:
        """Whether the pool has ended the link."""
        return self._end_by is not None

    def send(self, message: ToHost) -> None:
        line = encoded(message)
        with self._lock:
            if self.stream.closed is None and not self.is_ended:
                self.stream.queue(line)
        self._wake()

    def received(self) -> Sequence[FromHost]:
        with self._lock:
            received, self._received = self._received, []
        return received

    def end(self) -> None:
        with self._lock:
            if self._end_by is None:
                self._end_by = time.monotonic() + _END_SECONDS
        self._wake()

    def wait(self) -> None:
        with self._lock:
            self._lock.wait_for(lambda: self.stream.closed is not None, _END_SECONDS)

    def take_messages(self) -> bool:
        """Receive what has arrived. Returns whether a message came or the host is lost."""
        lines = self.stream.receive()
        try:
            self._received += map(from_host, lines)
        except ValueError:
            self.stream.close("it sent what is no message of FxAI")
        return bool(lines) or self.stream.closed is not None

    def keep_time(self) -> None:
        """Keep the connection alive. A host that was ended closes it itself once its workers have ended."""
        self.stream.keep_time()
        if self._end_by is None or self.stream.closed is not None:
            return
        if time.monotonic() > self._end_by:
            self.stream.close("it did not end")
        elif not self.stream.wants_to_send:
            self.stream.send_no_more()


class SocketSource:
    """A `HostSource` of sockets that are added while it is open."""

    def __init__(self, keep_alive: KeepAlive = PARENT_KEEP_ALIVE) -> None:
        self._keep_alive = keep_alive
        self._lock = threading.Condition()
        self._links: list[SocketLink] = []  # of all connections that are open, and of lost hosts
        self._news = False
        self._closing = False
        self._selector = selectors.DefaultSelector()
        self._wakeups, self._wakeup = socket.socketpair()
        for end in (self._wakeups, self._wakeup):
            end.setblocking(False)
        self._selector.register(self._wakeups, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="hosts", daemon=True)
        self._thread.start()

    def add(
        self,
        channel: socket.socket,
        name: str,
        *,
        received: bytes = b"",
        keep_alive: KeepAlive | None = None,
        refused: str | None = None,
    ) -> None:
        """Add a host's connected socket, which the source closes.

        Args:
            channel: The socket.
            name: Name or address of the host until it has sent its own name.
            received: Bytes that were read from the socket already.
            keep_alive: When the host counts as lost, if not as the other hosts.
            refused: Why the host is not used, as a clause about it. The host then counts as lost at once.
        """
        stream = LineStream(channel, keep_alive or self._keep_alive, received)
        if refused is not None:
            stream.close(refused)
        link = SocketLink(name, stream, self._lock, self._wake)
        with self._lock:
            if self._closing:
                channel.close()
                return
            self._selector.register(channel, selectors.EVENT_READ, link)
            self._links.append(link)
            self._tell()
        self._wake()

    def links(self) -> Sequence[SocketLink]:
        with self._lock:
            return [link for link in self._links if not link.is_ended]

    def wait(self, timeout: float) -> None:
        with self._lock:
            self._lock.wait_for(lambda: self._news, max(timeout, 0.0))
            self._news = False

    def close(self) -> None:
        """Close all connections, and let no further host join. A second call does nothing."""
        with self._lock:
            self._closing = True
        self._wake()
        self._thread.join()

    def _tell(self) -> None:
        """Let `wait` return, and `SocketLink.wait` look again."""
        self._news = True
        self._lock.notify_all()

    def _wake(self) -> None:
        """Let the thread look at what it has to send."""
        with contextlib.suppress(OSError):  # full: the thread will wake; closed: nothing is to do
            self._wakeup.send(b".")

    def _run(self) -> None:
        try:
            self._serve_all()
        finally:
            with self._lock:
                for link in self._links:
                    link.stream.close("the run has ended")
                    link.stream.channel.close()
                self._tell()
            self._selector.close()
            self._wakeups.close()
            self._wakeup.close()

    def _serve_all(self) -> None:
        """Serve all hosts until the source is closed."""
        tick = min(self._keep_alive.every, self._keep_alive.limit) / 4
        while True:
            ready = self._selector.select(tick)
            with self._lock:
                if self._closing:
                    return
                for key, events in ready:
                    self._serve(key.data, events)
                for link in list(self._links):
                    self._keep(link)

    def _serve(self, link: SocketLink | None, events: int) -> None:
        """Receive from a socket that is ready. Without a link this is the wake-up."""
        if link is None:
            with contextlib.suppress(OSError):
                self._wakeups.recv(4096)
        elif events & selectors.EVENT_READ and link.take_messages():
            self._tell()

    def _keep(self, link: SocketLink) -> None:
        """Send what is unsent and keep the time. Forget the socket of a lost host, and a link that was ended."""
        channel = link.stream.channel
        if link.stream.closed is None:
            link.stream.send_on()
            link.keep_time()
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if link.stream.wants_to_send else 0)
            if link.stream.closed is None and wanted != self._selector.get_key(channel).events:
                self._selector.modify(channel, wanted, link)
        if link.stream.closed is not None:
            if channel.fileno() != -1:
                self._selector.unregister(channel)
                channel.close()
                self._tell()
            if link.is_ended:
                self._links.remove(link)
