"""A host in a thread of the parent, for workers on the parent's own machine beside those of other hosts."""

import math
import socket
import threading

from fxai.pool.remote.host import WorkerHost
from fxai.pool.remote.line_stream import KeepAlive
from fxai.pool.remote.socket_host import serve_parent
from fxai.pool.remote.socket_source import SocketSource

_ALWAYS = KeepAlive(60.0, math.inf)  # parent and host are one process


def add_own_host(source: SocketSource, host: WorkerHost, name: str) -> None:
    """Serve the host's workers in a thread of this process, and add the host to the source.

    The thread ends when the pool ends the host.
    """
    near, far = socket.socketpair()
    threading.Thread(target=serve_parent, args=(far, host, _ALWAYS), name=f"host {name}", daemon=True).start()
    source.add(near, name, keep_alive=_ALWAYS)
