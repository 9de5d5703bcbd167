"""Run by tests: a host whose parent is at the other end of an inherited socket.

Its arguments are the socket's descriptor, the host's name, the number of workers and a folder. HOST_VERSION is the
version of Python that it pretends to have. With HOST_OWN_FOLDER it does not use the study's folder.
"""

import os
import socket
import sys
from pathlib import Path

from fxai.pool.remote.host import WorkerHost
from fxai.pool.remote.line_stream import KeepAlive
from fxai.pool.remote.socket_host import serve_parent
from fxai.protocol import Slot


def main(descriptor: int, name: str, workers: int, folder: Path) -> None:
    versions = {"Python": os.environ["HOST_VERSION"]} if "HOST_VERSION" in os.environ else {}
    slots = [Slot(index) for index in range(workers)]
    host = WorkerHost(name, slots, folder, versions=versions, own_folder="HOST_OWN_FOLDER" in os.environ)
    ending = serve_parent(socket.socket(fileno=descriptor), host, KeepAlive(0.2, 3.0))
    print(ending.end.name, ending.message)  # noqa: T201


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
