"""The hosts on a Ray cluster as the parent has them: the driver below a supervisor, and a link to each actor."""

import os
import selectors
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fxai.errors import FxaiError, InputError
from fxai.pool.ray.messages import (
    ActorLine,
    FromDriver,
    RayReady,
    StartRay,
    ToDriver,
    WorkerDemand,
)
from fxai.pool.remote.line_stream import KeepAlive, LineStream
from fxai.pool.remote.messages import FromHost, ToHost, encoded, from_host
from fxai.process_tree import KILL_SECONDS
from fxai.protocol.wire import from_line, to_line
from fxai.supervisor import GRACE_SECONDS, start_supervisor

START_SECONDS = 90.0  # for Ray to start on this machine, or to copy files to a cluster
END_SECONDS = 20.0  # for the actors to end their workers
_DRIVER = "fxai.pool.ray.driver"
_SUPERVISOR_SECONDS = 2 * (GRACE_SECONDS + KILL_SECONDS)
_FOREVER = KeepAlive(float("inf"), float("inf"))  # the driver is a process of this machine: its end closes the channel


class RayLink:
    """A `HostLink` to an actor."""

    def __init__(self, number: int, name: str, send: Callable[[ToDriver], None], wait: Callable[[float], None]) -> None:
        self.name = name
        self.lost: str | None = None
        self.is_ended = False
        self.inbox: list[FromHost] = []
        self._number = number
        self._send = send
        self._wait = wait

    def send(self, message: ToHost) -> None:
        if self.lost is None and not self.is_ended:
            self._send(ToDriver(line=ActorLine(self._number, encoded(message).decode().rstrip("\n"))))

    def received(self) -> Sequence[FromHost]:
        received, self.inbox = self.inbox, []
        return received

    def end(self) -> None:
        if not self.is_ended and self.lost is None:
            self._send(ToDriver(end_actor=self._number))
        self.is_ended = True

    def wait(self) -> None:
        until = time.monotonic() + END_SECONDS
        while self.lost is None and (left := until - time.monotonic()) > 0:
            self._wait(left)


class RayHosts:
    """A `HostSource` of the actors on a Ray cluster.

    Raises:
        FxaiError: out of `links` and `wait`, if the cluster is lost or the actors do not start.
    """

    def __init__(self, start: StartRay, log: Path) -> None:
        """Connect to the cluster.

        Args:
            start: The cluster, or the arguments of a Ray to start.
            log: For what Ray prints.

        Raises:
            FxaiError: Ray does not start, or refuses the connection.
        """
        self._links: dict[int, RayLink] = {}
        self._ready: RayReady | None = None
        self._error: FxaiError | None = None
        self._log = log
        channel, far_channel = socket.socketpair()
        self._lifeline, far_lifeline = socket.socketpair()
        with far_channel, far_lifeline:
            ends = far_lifeline.fileno(), far_channel.fileno()
            self._supervisor = start_supervisor(_DRIVER, *ends, log, driver_environment(start))
        self._stream = LineStream(channel, _FOREVER)
        self._selector = selectors.DefaultSelector()
        self._selector.register(channel, selectors.EVENT_READ)
        self._send(ToDriver(start=start))
        try:
            self.cluster = self._connected()
        except BaseException:
            self.close()
            raise

    def open(self, demand: WorkerDemand) -> None:
        """Start the actors."""
        self._send(ToDriver(open=demand))

    def links(self) -> Sequence[RayLink]:
        self._take()
        self._check()
        self._links = {number: link for number, link in self._links.items() if not (link.is_ended and link.lost)}
        return [link for link in self._links.values() if not link.is_ended]

    def wait(self, timeout: float) -> None:
        self._wait(timeout)
        self._check()

    def close(self) -> None:
        """End all actors and the driver. A second call does nothing."""
        if self._supervisor.poll() is None:
            self._send(ToDriver(end=True))
            until = time.monotonic() + END_SECONDS
            while self._stream.closed is None and (left := until - time.monotonic()) > 0:
                self._wait(left)
        self._lifeline.close()
        self._supervisor.wait(_SUPERVISOR_SECONDS)
        self._stream.close("it was closed")
        self._selector.close()

    def _connected(self) -> RayReady:
        until = time.monotonic() + START_SECONDS
        while self._ready is None and self._error is None and (left := until - time.monotonic()) > 0:
            self.wait(left)
        self._check()
        if self._ready is None:
            raise FxaiError(f"Ray has not started within {START_SECONDS:g} s (log: {self._log})")
        return self._ready

    def _check(self) -> None:
        if self._error is None and self._stream.closed is not None:
            self._error = FxaiError(
                f"the connection to the Ray cluster is lost, with all workers (log: {self._log}); run the same command "
                "again to resume the study"
            )
        if self._error is not None:
            raise self._error

    def _send(self, message: ToDriver) -> None:
        if self._stream.closed is None:
            self._stream.queue(to_line(message))
            self._stream.send_on()

    def _wait(self, timeout: float) -> None:
        """Wait until the driver has sent something, `timeout` seconds at most."""
        if self._stream.closed is not None:
            return
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._stream.wants_to_send else 0)
        self._selector.modify(self._stream.channel, wanted)  # a closed channel is readable
        self._selector.select(max(timeout, 0.0))
        self._stream.send_on()
        self._take()

    def _take(self) -> None:
        """Handle what the driver has sent."""
        for line in self._stream.receive():
            self._handle(from_line(FromDriver, line))
        if self._stream.closed is not None:
            for link in self._links.values():
                link.lost = link.lost or "the connection to the Ray cluster is lost"

    def _handle(self, message: FromDriver) -> None:
        if message.ready is not None:
            self._ready = message.ready
        elif message.failure is not None:
            kind = InputError if message.failure.wrong_input else FxaiError
            self._error = kind(f"{message.failure.message} (log: {self._log})")
        elif message.joined is not None:
            number = message.joined.actor
            self._links[number] = RayLink(number, message.joined.node, self._send, self._wait)
        elif message.line is not None and message.line.actor in self._links:
            self._links[message.line.actor].inbox.append(from_host(message.line.line.encode()))
        elif message.lost is not None and message.lost.actor in self._links:
            self._links[message.lost.actor].lost = message.lost.reason


def driver_environment(start: StartRay) -> Mapping[str, str]:
    """The environment of the driver, and of a Ray that it starts.

    Ray sends no statistics of its use. A Ray on this machine has a token, without which nobody runs code in it.
    """
    environment = {**os.environ, "RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    return environment if start.address is not None else {"RAY_AUTH_MODE": "token", **environment}
