"""The process that serves this run's workers to the owner of the study, as the run sees it."""

import os
import socket
from pathlib import Path

from fxai.pool.started_worker import END_SECONDS
from fxai.protocol.wire import from_line, to_line
from fxai.study.join.host_messages import HostFate, HostOrder, HostReport, HostTask
from fxai.supervisor import CHUNK, start_supervisor

_MODULE = "fxai.study.join.host_main"


class HostProcess:
    """A process with its workers. They end with this process, also if it is killed."""

    def __init__(self, task: HostTask, log: Path) -> None:
        """Start the process; its output goes to `log`."""
        self._received = b""
        self._report: HostReport | None = None
        self._channel, channel = socket.socketpair()
        self._lifeline, lifeline = socket.socketpair()
        with channel, lifeline:
            self._supervisor = start_supervisor(_MODULE, lifeline.fileno(), channel.fileno(), log, os.environ)
        self._channel.sendall(to_line(task))

    @property
    def report(self) -> HostReport | None:
        """Why the process has ended; None while it runs."""
        if self._report is None:
            self._receive()
        return self._report

    def leave(self, *, now: bool = False) -> None:
        """Have the process give its trials back and end: saved at their next reports, or now."""
        try:
            self._channel.sendall(to_line(HostOrder.LEAVE_NOW if now else HostOrder.LEAVE))
        except OSError:  # it has ended
            return

    def end(self) -> None:
        """End the process and its workers now, and wait until they have ended. A second call does nothing."""
        if self._lifeline.fileno() == -1:
            return
        try:
            self._lifeline.shutdown(socket.SHUT_WR)
            self._lifeline.settimeout(2 * END_SECONDS)  # its workers have supervisors of their own
            self._lifeline.recv(CHUNK)
        except OSError:
            self._supervisor.kill()
        self._supervisor.wait()
        self._lifeline.close()
        self._channel.close()

    def _receive(self) -> None:
        try:
            while data := self._channel.recv(CHUNK, socket.MSG_DONTWAIT):
                self._received += data
        except BlockingIOError:
            return
        except OSError:
            pass
        try:
            self._report = from_line(HostReport, self._received)
        except ValueError:
            self._report = HostReport(HostFate.LOST, "The process of this run's workers has ended.")
