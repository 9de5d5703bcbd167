"""Parent-side handle of a worker process: start, send and receive JSON lines, terminate."""

import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path

from fxai.pool.started_worker import END_SECONDS, StartedWorker
from fxai.protocol import LanePlan
from fxai.protocol.wire import from_line, to_line
from fxai.protocol.worker_messages import WorkerMessage, WorkerWelcome
from fxai.supervisor import CHUNK, TRACEBACK, name_log


class WorkerProcess:
    """A supervisor and its worker. `selector` returns `owner` whenever `messages` or `ended` may have changed."""

    def __init__(
        self, started: StartedWorker, log: Path, plan: LanePlan | None, selector: selectors.BaseSelector, owner: object
    ) -> None:
        """Name the log of a started worker and welcome the worker.

        Raises:
            OSError: the log cannot be written. The worker has ended then.
        """
        self.exit_code: int | None = None  # once `ended`; None also if it is not known
        self.ended = False
        self._selector = selector
        self._owner = owner
        self._received = b""
        self._unsent = b""
        self._channel, self._lifeline, self._supervisor = started.channel, started.lifeline, started.supervisor
        self._worker_pid: int | None = None
        try:
            name_log(self._lifeline, log)
        except OSError:
            started.end()
            started.wait()
            raise
        for end in (self._channel, self._lifeline):
            selector.register(end, selectors.EVENT_READ, owner)
        self.send(WorkerWelcome(tuple(sys.path), plan))

    def send(self, record: object) -> None:
        """Send a record. `poll` sends what the socket does not accept now, since a worker reads between two updates.

        A worker whose channel is broken is ended; `ended` becomes true then.
        """
        self._unsent += to_line(record)
        self._send_on()

    def messages(self) -> list[WorkerMessage]:
        """The messages that the worker has sent since the last call."""
        self._receive()
        *complete, self._received = self._received.split(b"\n")
        try:
            messages = [from_line(WorkerMessage, line) for line in complete]
        except ValueError:  # other code has written into the channel
            self.end()
            return []
        if messages:
            self._worker_pid = messages[-1].pid
        return messages

    def end(self, *, with_traceback: bool = False) -> None:
        """Have the supervisor end the worker and all its descendants; `ended` becomes true when they have ended.

        With a traceback, the worker first writes the traceback of each of its threads into its log.
        """
        try:
            if with_traceback:
                self._lifeline.send(TRACEBACK)
            self._lifeline.shutdown(socket.SHUT_WR)
        except OSError:  # the supervisor is gone already
            return

    def poll(self) -> None:
        """Send what is unsent, and note whether the supervisor has ended. `messages` then returns the last ones."""
        if self._unsent:
            self._send_on()
        try:
            line = self._lifeline.recv(CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            line = b""
        self._finish(line)

    def wait(self) -> None:
        """Wait until the supervisor and its process tree have ended. A supervisor that does not answer is killed."""
        if self.ended:
            return
        self._lifeline.settimeout(END_SECONDS)
        try:
            line = self._lifeline.recv(CHUNK)
        except OSError:
            line = b""
        self._finish(line)

    def abandon(self) -> None:
        """Kill a supervisor that does not answer, and the worker's process group."""
        self._finish(b"")

    def _send_on(self) -> None:
        if self._channel.fileno() == -1:
            return
        try:
            while self._unsent:
                self._unsent = self._unsent[self._channel.send(self._unsent, socket.MSG_DONTWAIT) :]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent = b""
            self.end()
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        self._selector.modify(self._channel, events, self._owner)

    def _receive(self) -> None:
        if self._channel.fileno() == -1:
            return
        try:
            while data := self._channel.recv(CHUNK, socket.MSG_DONTWAIT):
                self._received += data
        except BlockingIOError:
            return
        except ConnectionResetError:
            pass  # the worker has ended with unread messages; its own messages are received before this error
        except OSError:
            self._received = b""
        self._close(self._channel)
        self.end()

    def _finish(self, line: bytes) -> None:
        if line:
            self.exit_code = json.loads(line)["exit_code"]
        else:
            self._end_without_supervisor()
        self._supervisor.wait()
        self._receive()
        self._close(self._channel)
        self._close(self._lifeline)
        self.ended = True

    def _close(self, end: socket.socket) -> None:
        if end.fileno() != -1:
            self._selector.unregister(end)
            end.close()

    def _end_without_supervisor(self) -> None:
        """Kill the rest of the worker's process group after the supervisor was killed. The kernel kills the worker."""
        self._supervisor.kill()
        if self._worker_pid is not None:
            try:
                os.killpg(self._worker_pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return
