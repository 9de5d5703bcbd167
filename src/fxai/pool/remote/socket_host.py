"""Serves a host's workers to a parent over a connected socket."""

import selectors
import socket
import time
from collections.abc import Callable

from fxai.pool.remote.host import HostEnd, HostEnding, WorkerHost
from fxai.pool.remote.line_stream import HOST_KEEP_ALIVE, KeepAlive, LineStream
from fxai.pool.remote.messages import encoded, to_host

_FLUSH_SECONDS = 5.0  # for the last messages


def never() -> bool:
    return False


def serve_parent(
    channel: socket.socket,
    host: WorkerHost,
    keep_alive: KeepAlive = HOST_KEEP_ALIVE,
    *,
    stop: Callable[[], bool] = never,
    received: bytes = b"",
) -> HostEnding:
    """Serve the host's workers until the parent ends the host or is lost, or the workers do not start.

    All processes of the host have ended then, and the socket is closed.

    Args:
        channel: The connection to the parent.
        host: The workers.
        keep_alive: When the parent counts as lost.
        stop: Whether the host shall leave now. It is asked at least once in `keep_alive.every` seconds.
        received: Bytes that were read from the connection already.

    Returns:
        Why the host has ended.
    """
    stream = LineStream(channel, keep_alive, received)
    with host, selectors.DefaultSelector() as selector:
        selector.register(channel, selectors.EVENT_READ)
        selector.register(host, selectors.EVENT_READ)
        while stream.closed is None:
            _send(stream, host)
            if host.ending is not None or stream.closed is not None:
                break
            wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if stream.wants_to_send else 0)
            selector.modify(channel, wanted)
            selector.select(_seconds(host, keep_alive))
            _receive(stream, host)
            stream.keep_time()
            if stop():
                host.leave()
        _flush(stream)
        host.close()
    ending = host.ending or HostEnding(HostEnd.PARENT_LOST, f"The study's run was lost: {stream.closed}.")
    channel.close()
    return ending


def _seconds(host: WorkerHost, keep_alive: KeepAlive) -> float:
    deadline = host.deadline()
    left = keep_alive.every / 2 if deadline is None else deadline - time.monotonic()
    return max(min(left, keep_alive.every / 2), 0.0)


def _receive(stream: LineStream, host: WorkerHost) -> None:
    try:
        for line in stream.receive():
            host.receive(to_host(line))
    except ValueError:
        stream.close("it sent what is no message of FxAI")


def _send(stream: LineStream, host: WorkerHost) -> None:
    for message in host.messages():
        stream.queue(encoded(message))
    stream.send_on()


def _flush(stream: LineStream) -> None:
    """Send the last messages."""
    until = time.monotonic() + _FLUSH_SECONDS
    with selectors.DefaultSelector() as selector:
        selector.register(stream.channel, selectors.EVENT_WRITE)
        while stream.wants_to_send and stream.closed is None and (left := until - time.monotonic()) > 0:
            selector.select(left)
            stream.send_on()
