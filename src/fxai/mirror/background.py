"""Mirrors a running study in a thread, so that a slow store or a lost network never delays the study."""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from fxai.errors import StudyHeldError

PAUSE_SECONDS = 5.0
"""Between two uploads of what has changed."""
LONGEST_PAUSE = 60.0
_SHARE = 10  # of the time between two uploads, one part is spent on looking for changed files
WARN_AFTER = 3  # failures in a row
STALLED_SECONDS = 60.0
"""How long the end of a run waits for a store without the progress of one file."""


class BackgroundMirror:
    """Calls `push` again and again until it is ended.

    Args:
        push: Uploads what has changed, everything if its first argument is true. Calls its second argument after each
            file.
        renew: Renews the claim of the run.
        url: The URL as messages show it.
        folder: The local folder as messages show it.
    """

    def __init__(
        self, push: Callable[[bool, Callable[[], None]], None], renew: Callable[[], None], url: str, folder: str
    ) -> None:
        self._push, self._renew, self._url, self._folder = push, renew, url, folder
        self._ending = threading.Event()
        self._done = threading.Event()
        self._messages: SimpleQueue[str] = SimpleQueue()
        self._progress = time.monotonic()
        self._fault: Exception | None = None
        self._is_abandoned = False
        self._thread = threading.Thread(target=self._run, name="mirror", daemon=True)
        self._thread.start()

    def messages(self) -> list[str]:
        """Warnings since the last call."""
        found = []
        try:
            while True:
                found.append(self._messages.get_nowait())
        except Empty:
            return found

    def end(self, is_urgent: Callable[[], bool]) -> str | None:
        """Upload all that is left. Returns why the store does not have everything; None if it has.

        Gives up when no file was uploaded for `STALLED_SECONDS`, or as soon as `is_urgent` returns true.
        """
        self._progress = time.monotonic()
        self._ending.set()
        while not self._done.wait(0.1):
            if is_urgent() or time.monotonic() - self._progress > STALLED_SECONDS:
                break
        if self._done.is_set() and self._fault is None:
            return None
        cause = self._fault or "the upload was not finished"
        return (
            f"{self._url} does not have all files of this run: {cause}. They are in {self._folder}; run the same "
            "command again on this machine to upload them"
        )

    def abandon(self) -> None:
        """Upload nothing more, since another run has taken the study over."""
        self._is_abandoned = True
        self._ending.set()

    def _run(self) -> None:
        failures, pause = 0, PAUSE_SECONDS
        while not self._ending.wait(pause):
            began = time.monotonic()
            self._fault = self._tried(everything=False)
            pause = max(PAUSE_SECONDS, _SHARE * (time.monotonic() - began))
            if isinstance(self._fault, StudyHeldError):
                self._messages.put(f"Nothing is uploaded to {self._url} any more: {self._fault}")
                break
            failures = 0 if self._fault is None else failures + 1
            pause = min(pause * 2**failures, LONGEST_PAUSE)
            if failures == WARN_AFTER:
                self._messages.put(f"{self._fault}. The files stay in {self._folder}, and the upload is tried again")
        else:
            self._finish()
        self._done.set()

    def _finish(self) -> None:
        while not self._is_abandoned:
            self._fault = self._tried(everything=True)
            if self._fault is None or isinstance(self._fault, StudyHeldError):
                return
            if time.monotonic() - self._progress > STALLED_SECONDS:
                return
            time.sleep(1.0)

    def _tried(self, *, everything: bool) -> Exception | None:
        try:
            self._renew()
            self._push(everything, self._note_progress)
        except Exception as error:  # noqa: BLE001 - a fault of the upload must not end the study
            return error
        return None

    def _note_progress(self) -> None:
        if self._is_abandoned:
            raise StudyHeldError("another run has taken the study over")
        self._progress = time.monotonic()
        self._renew()
