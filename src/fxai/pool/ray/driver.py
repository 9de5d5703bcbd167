"""Main program of the process that drives Ray: connects, keeps the actors, and passes their lines on.

The parent starts it below a supervisor. Ray ends a process that has lost its cluster, and prints as it likes; both
stay in this process.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import Callable

from fxai.pool.ray.actor_fleet import ActorFleet
from fxai.pool.ray.cluster import connect, disconnect, reason_of
from fxai.pool.ray.messages import FromDriver, RayFailure, ToDriver
from fxai.pool.remote.messages import MOST_MESSAGE_BYTES
from fxai.protocol.wire import from_line, to_line
from fxai.sigterm import ignore_sigterm

_LINE_LIMIT = 4 * MOST_MESSAGE_BYTES


class RayDriver:
    """Serves one parent over `channel`. The supervisor ends this process when it has closed its end of `control`."""

    def __init__(self, channel: socket.socket, control: socket.socket) -> None:
        self._channel = channel
        self._control = control
        self._fleet: ActorFleet | None = None

    async def serve(self) -> None:
        """Serve the parent until it ends the driver or closes the channel."""
        reader, writer = await asyncio.open_connection(sock=self._channel, limit=_LINE_LIMIT)

        def send(message: FromDriver) -> None:
            writer.write(to_line(message))

        while line := await reader.readline():
            message = from_line(ToDriver, line)
            try:
                if message.end:
                    break
                await self._handle(message, send)
            except Exception as error:  # noqa: BLE001 - Ray raises whatever its libraries raise; the parent gets it
                send(FromDriver(failure=RayFailure(reason_of(error))))
        if self._fleet is not None:
            await self._fleet.end()
        with contextlib.suppress(OSError):
            await writer.drain()

    async def _handle(self, message: ToDriver, send: Callable[[FromDriver], None]) -> None:
        if message.start is not None:
            ready = connect(message.start)
            ignore_sigterm(self._control)  # Ray has installed a handler of its own, which ends the process
            self._fleet = ActorFleet(message.start.files, send)
            send(FromDriver(ready=ready))
        elif self._fleet is None:
            return
        elif message.open is not None:
            self._fleet.open(message.open)
        elif message.line is not None:
            self._fleet.feed(message.line)
        elif message.end_actor is not None:
            self._fleet.end_actor(message.end_actor)


def main() -> None:
    channel, control = (socket.socket(fileno=int(each)) for each in sys.argv[1:3])
    for each in (channel, control):
        each.set_inheritable(False)  # Ray's processes must not keep it open
    ignore_sigterm(control)
    asyncio.run(RayDriver(channel, control).serve())
    disconnect()


if __name__ == "__main__":
    main()
