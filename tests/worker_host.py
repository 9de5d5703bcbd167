"""Run by tests: a host of the parent that has started it.

Its arguments are the host's name, the number of workers, a folder, and the descriptor of an inherited socket or the
port of the parent. HOST_TOKEN is the token for a port. HOST_VERSION is the version of Python that the host pretends to
have. With HOST_OWN_FOLDER it does not use the study's folder. SIGTERM stops it.
"""

import os
import signal
import socket
import sys
from pathlib import Path

from fxai.errors import InputError
from fxai.pool.remote.host import WorkerHost
from fxai.pool.remote.line_stream import KeepAlive
from fxai.pool.remote.socket_host import serve_parent
from fxai.pool.remote.tcp_host import serve_over_tcp
from fxai.protocol import Slot

KEEP_ALIVE = KeepAlive(0.2, 60.0)


def main(name: str, workers: int, folder: Path, channel: int) -> None:
    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _: stopped.append(number))
    versions = {"Python": os.environ["HOST_VERSION"]} if "HOST_VERSION" in os.environ else {}
    slots = [Slot(index) for index in range(workers)]
    host = WorkerHost(name, slots, folder, versions=versions, own_folder="HOST_OWN_FOLDER" in os.environ)
    try:
        if "HOST_TOKEN" in os.environ:
            token = os.environ["HOST_TOKEN"]
            ending = serve_over_tcp(
                host, "127.0.0.1", channel, token, stop=lambda: bool(stopped), keep_alive=KEEP_ALIVE
            )
        else:
            ending = serve_parent(socket.socket(fileno=channel), host, KEEP_ALIVE, stop=lambda: bool(stopped))
        print(ending.end.name, ending.message)  # noqa: T201
    except InputError as error:
        print(error)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
