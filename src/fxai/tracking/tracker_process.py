"""Parent-side handle of a tracker process: sends events without blocking, stops a tracker that cannot follow."""

import json
import select
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from fxai.process_tree import KILL_SECONDS
from fxai.protocol.tracker_messages import StudyMessage, TrackerMessage, TrackerWelcome
from fxai.protocol.wire import from_line, to_line
from fxai.supervisor import CHUNK, GRACE_SECONDS, TRACEBACK, TRACEBACK_SECONDS, start_supervisor

STALL_SECONDS = 60.0  # without progress while messages are unprocessed
MOST_UNSENT_BYTES = 64_000_000
_END_SECONDS = 2 * (TRACEBACK_SECONDS + GRACE_SECONDS + KILL_SECONDS)
_CHILD = "fxai.tracking.main"


class TrackerProcess:
    """A supervisor and its tracker. Only `wait` and `close` block, and no method raises."""

    def __init__(
        self,
        name: str,
        welcome: TrackerWelcome,
        log: Path,
        environment: Mapping[str, str],
        *,
        module: str = _CHILD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.given_up = False
        self._name = name
        self._log = log
        self._clock = clock
        self._notices: list[str] = []
        self._unsent = bytearray(to_line(welcome))
        self._received = b""
        self._sent_lines = 0  # including lines in the buffer
        self._processed = 0
        self._end_was_sent = False
        self._last_progress = clock()
        self._ended_trials = self._recorded = 0
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._channel, channel = socket.socketpair()
        self._lifeline, lifeline = socket.socketpair()
        try:
            with channel, lifeline:
                self._supervisor = start_supervisor(module, lifeline.fileno(), channel.fileno(), log, environment)
        except OSError as error:
            self._give_up(f"cannot be started ({error.strerror or error})")

    @property
    def outstanding(self) -> bool:
        """Whether messages are unprocessed."""
        return not self.given_up and self._processed < self._sent_lines

    @property
    def _done(self) -> bool:
        """Whether the tracker has processed the end of the study."""
        return self._end_was_sent and not self.outstanding

    def send(self, line: StudyMessage) -> None:
        """Send a message to the tracker, now or in a later `poll`."""
        if self.given_up:
            return
        if not self.outstanding:
            self._last_progress = self._clock()
        self._sent_lines += 1
        self._end_was_sent = line.study_ended is not None
        if line.trial_ended is not None:
            self._ended_trials += 1
        self._unsent += to_line(line)
        self._send_on()

    def poll(self) -> Sequence[str]:
        """Continue sending and receiving; returns new messages for the user."""
        if not self.given_up:
            self._receive()
        if not self.given_up:
            self._send_on()
        if not self.given_up:
            self._check_progress()
        notices, self._notices = self._notices, []
        return notices

    def wait(self, seconds: float) -> None:
        """Wait until the socket is ready, at most `seconds`."""
        if not self.given_up:
            news = select.poll()
            news.register(self._channel, select.POLLIN | (select.POLLOUT if self._unsent else 0))
            news.poll(seconds * 1000)

    def stop_if_unfinished(self, seconds: float) -> None:
        """Stop the tracker if messages are unprocessed `seconds` after the end of the study."""
        if self.outstanding:
            left = max(self._ended_trials - self._recorded, 0)
            trials = "1 trial" if left == 1 else f"{left} trials"
            self._give_up(f"had not finished {seconds:g} s after the end of the study, with {trials} not recorded,")

    def close(self) -> None:
        """End the tracker with all its descendants, and wait for their end."""
        self._end()
        self._channel.close()
        if self._supervisor is not None:
            try:
                self._supervisor.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self._supervisor.kill()
                self._supervisor.wait()
        self._lifeline.close()

    def _send_on(self) -> None:
        try:
            while self._unsent:
                with memoryview(self._unsent) as unsent:
                    sent = self._channel.send(unsent[:CHUNK], socket.MSG_DONTWAIT)
                del self._unsent[:sent]
        except BlockingIOError:
            pass
        except OSError:  # the tracker has ended; its last messages are read later
            self._unsent.clear()

    def _receive(self) -> None:
        over = False
        try:
            while data := self._channel.recv(CHUNK, socket.MSG_DONTWAIT):
                self._received += data
            over = True
        except BlockingIOError:
            pass
        except OSError:
            over = True
        *complete, self._received = self._received.split(b"\n")
        for line in complete:
            self._process_line(line)
        if over and not self.given_up and not self._done:
            self._give_up(f"ended unexpectedly{self._exit_code()}")

    def _process_line(self, line: bytes) -> None:
        try:
            message = from_line(TrackerMessage, line)
        except ValueError:  # something else wrote into the channel
            self._give_up("sent a line that is no message")
            return
        if (message.processed, message.recorded) != (self._processed, self._recorded):
            self._processed, self._recorded = message.processed, message.recorded
            self._last_progress = self._clock()
        if message.notice is not None:
            self._notices.append(f"{self._name} {message.notice}.")
        if message.failure is not None:
            self._give_up(f"failed ({message.failure})")

    def _check_progress(self) -> None:
        if len(self._unsent) > MOST_UNSENT_BYTES:
            self._give_up("does not keep up with the study")
        elif self.outstanding and self._clock() - self._last_progress > STALL_SECONDS:
            self._give_up(f"has made no progress for {STALL_SECONDS:g} s")

    def _give_up(self, why: str) -> None:
        if self.given_up:
            return
        self.given_up = True
        self._unsent.clear()
        self._notices.append(f"{self._name} {why} and is stopped; the study continues without it. Its log: {self._log}")
        self._end()

    def _end(self) -> None:
        """End the tracker without blocking; a tracker that hangs writes its stack into its log."""
        try:
            if self.given_up:
                self._lifeline.send(TRACEBACK, socket.MSG_DONTWAIT)
            self._lifeline.shutdown(socket.SHUT_WR)
        except OSError:  # the supervisor has ended already
            return

    def _exit_code(self) -> str:
        """The exit code, if the supervisor has sent it; the supervisor may still end the tracker's children."""
        try:
            line = self._lifeline.recv(CHUNK, socket.MSG_DONTWAIT)
            code = json.loads(line)["exit_code"]
        except (OSError, ValueError):
            return ""
        return "" if code is None else f" (exit code {code})"
