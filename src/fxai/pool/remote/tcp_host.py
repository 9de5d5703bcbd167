"""A host that connects to its parent over TCP."""

import socket
from collections.abc import Callable

from fxai.errors import InputError
from fxai.pool.remote.handshake import SECONDS, HandshakeError, greet_parent
from fxai.pool.remote.host import HostEnding, WorkerHost
from fxai.pool.remote.line_stream import HOST_KEEP_ALIVE, KeepAlive
from fxai.pool.remote.socket_host import never, serve_parent
from fxai.pool.remote.tcp_source import check_token


def serve_over_tcp(
    host: WorkerHost,
    address: str,
    port: int,
    token: str,
    *,
    stop: Callable[[], bool] = never,
    keep_alive: KeepAlive = HOST_KEEP_ALIVE,
) -> HostEnding:
    """Connect to a parent, and serve the host's workers until the parent ends the host or is lost.

    Args:
        host: The workers; closed at the end.
        address: Of the parent.
        port: On which the parent listens.
        token: The run's token.
        stop: Whether the host shall leave now. Its trials go on elsewhere.
        keep_alive: When a silent parent counts as lost.

    Returns:
        Why the host has ended.

    Raises:
        InputError: The parent does not answer within 10 s, has another token, or is no run of FxAI.
    """
    check_token(token)
    place = f"{address}:{port}"
    with host:
        try:
            channel = socket.create_connection((address, port), SECONDS)
        except OSError as error:
            raise InputError(
                f"no run answers at {place} ({error.strerror or error}); give the address that the run shows, and "
                "check that this machine can reach it"
            ) from None
        with channel:
            try:
                received = greet_parent(channel, token)
            except HandshakeError as error:
                raise InputError(f"cannot join the run at {place}: {error}") from None
            return serve_parent(channel, host, keep_alive, stop=stop, received=received)
