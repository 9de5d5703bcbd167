"""Main program of the process that serves a run's workers to the owner of the study."""

import socket
import sys
import tempfile
import threading
from pathlib import Path

from fxai.errors import InputError
from fxai.pool.remote.host import HostEnd, WorkerHost
from fxai.pool.remote.tcp_host import serve_over_tcp
from fxai.protocol.wire import from_line, to_line
from fxai.sigterm import ignore_sigterm
from fxai.study.join.host_messages import HostFate, HostOrder, HostReport, HostTask

_FATES = {
    HostEnd.BY_PARENT: HostFate.BY_OWNER,
    HostEnd.LEFT: HostFate.LEFT,
    HostEnd.REFUSED: HostFate.REFUSED,
    HostEnd.FAILED: HostFate.FAILED,
    HostEnd.PARENT_LOST: HostFate.LOST,
}


def main(channel: socket.socket, control: socket.socket) -> None:
    """Serve the workers, and report the end over `channel`. The supervisor ends this process when its run ends."""
    ignore_sigterm(control)  # the run has this process leave
    with channel, channel.makefile("rb") as lines, tempfile.TemporaryDirectory(prefix="fxai_host_") as folder:
        task = from_line(HostTask, lines.readline())
        sys.path.extend(path for path in task.sys_path if path not in sys.path)
        host = WorkerHost(task.name, task.slots, Path(folder))

        now = threading.Event()

        def follow_orders() -> None:
            for line in lines:
                if from_line(HostOrder, line) is HostOrder.LEAVE_NOW:
                    now.set()
                else:
                    host.leave_when_saved()

        threading.Thread(target=follow_orders, name="orders", daemon=True).start()
        channel.sendall(to_line(_served(task, host, now)))
        channel.shutdown(socket.SHUT_RDWR)


def _served(task: HostTask, host: WorkerHost, now: threading.Event) -> HostReport:
    try:
        ending = serve_over_tcp(host, task.address, task.port, task.token, stop=now.is_set)
    except InputError as error:
        return HostReport(HostFate.UNREACHABLE, f"{error}.")
    return HostReport(_FATES[ending.end], ending.message)


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])), socket.socket(fileno=int(sys.argv[2])))
