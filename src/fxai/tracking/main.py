"""Main program of a tracker process. It processes the parent's messages until the study ends."""

import faulthandler
import os
import re
import select
import signal
import socket
import sys
import threading
import traceback

from fxai.protocol.tracker_messages import StudyMessage, TrackerMessage, TrackerWelcome
from fxai.protocol.wire import from_line, to_line
from fxai.sigterm import ignore_sigterm
from fxai.spec.fields.tracking import MlflowTracking, WandbTracking
from fxai.tracking.contract import Parent, Runs, TrackerError

_SECRETS = ("WANDB_API_KEY", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN")
_IN_ADDRESS = re.compile(r"(?<=://)[^/\s]\S*(?=@)")  # up to the last @, because a password may have any character
_CHUNK = 65536
_LONGEST_REASON = 160


class TrackerMain:
    """Serves one parent over `channel`."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._received = bytearray()
        self._processed = self._recorded = 0
        self._sending = threading.Lock()  # a tracker may send from its own threads

    def serve(self) -> None:
        """Process messages until the study ends; a failure is sent to the parent and ends the loop."""
        try:
            runs = open_runs(from_line(TrackerWelcome, self._next()), self)
            ended = False
            while not ended:
                line = from_line(StudyMessage, self._next())
                process_message(runs, line)
                ended = line.study_ended is not None
                if not self._more_is_waiting():
                    runs.flush()
                self._tell(processed=1)
        except TrackerError as error:
            self._fail(str(error))
        except Exception as error:  # noqa: BLE001  # a tracker's library may raise anything; the parent gets the reason
            sys.stderr.write(redact_secrets(traceback.format_exc()))
            self._fail(reason_of(error))

    def _next(self) -> bytes:
        """The parent's next line; this process ends if the parent has closed the connection."""
        while b"\n" not in self._received:
            data = self._channel.recv(_CHUNK)
            if not data:
                sys.exit()
            self._received += data
        line, _, rest = self._received.partition(b"\n")
        self._received = rest
        return bytes(line)

    def _more_is_waiting(self) -> bool:
        return b"\n" in self._received or bool(select.select([self._channel], [], [], 0)[0])

    def send_notice(self, notice: str) -> None:
        self._tell(notice=redact_secrets(notice))

    def recorded(self) -> None:
        self._tell(recorded=1)

    def _fail(self, reason: str) -> None:
        self._tell(failure=redact_secrets(reason))

    def _tell(
        self, *, processed: int = 0, recorded: int = 0, notice: str | None = None, failure: str | None = None
    ) -> None:
        with self._sending:
            self._processed += processed
            self._recorded += recorded
            self._channel.sendall(to_line(TrackerMessage(self._processed, self._recorded, notice, failure)))


def open_runs(welcome: TrackerWelcome, parent: Parent) -> Runs:
    """The tracker of that name; imports its library."""
    if welcome.tracker == "wandb":
        from fxai.tracking.wandb_runs import WandbRuns  # noqa: PLC0415

        return WandbRuns(WandbTracking.model_validate(welcome.settings), welcome.directory, parent)
    from fxai.tracking.mlflow_runs import MlflowRuns  # noqa: PLC0415

    return MlflowRuns(MlflowTracking.model_validate(welcome.settings), parent)


def process_message(runs: Runs, line: StudyMessage) -> None:
    if line.study_began is not None:
        runs.study_began(line.study_began)
    if line.trial_began is not None:
        runs.trial_began(line.trial_began)
    if line.report is not None:
        runs.reported(line.report)
    if line.trial_ended is not None:
        runs.trial_ended(line.trial_ended)
    if line.study_ended is not None:
        runs.study_ended(line.study_ended)


def reason_of(error: Exception) -> str:
    """The first line of the exception; the whole exception is in the log."""
    first = (str(error).splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:_LONGEST_REASON]


def redact_secrets(text: str) -> str:
    """The text without the user's secrets and without user names and passwords in URLs."""
    for name in _SECRETS:
        if value := os.environ.get(name):
            text = text.replace(value, f"${name}")
    return _IN_ADDRESS.sub("***", text)


def main() -> None:
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    descriptor, control = map(int, sys.argv[1:])
    os.set_inheritable(control, False)
    ignore_sigterm(socket.socket(fileno=control))
    os.set_inheritable(descriptor, False)
    TrackerMain(socket.socket(fileno=descriptor)).serve()


if __name__ == "__main__":
    main()
