"""Handles Ctrl-C and SIGTERM while a study runs: the first signal ends the run soon, the second now.

A signal within a second of the last one is ignored, since `poetry run` and `poe` pass on a Ctrl-C that the terminal
has already sent to this process. A third signal raises KeyboardInterrupt.
"""

import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from fxai.study.events import Notice
from fxai.study.stop_signal import StopSignal, Urgency

Event = TypeVar("Event")

_ECHO_SECONDS = 1.0
STUDY_NOTICES: Mapping[Urgency, str] = {
    Urgency.SOON: "Interrupted: no new trials start; running trials end or are saved. Interrupt again to stop now.",
    Urgency.NOW: "Stopping now: the next run continues the running trials from their last checkpoints.",
}


@contextmanager
def stop_on_signals(clock: Callable[[], float] = time.monotonic) -> Iterator[StopSignal]:
    """A stop signal that Ctrl-C and SIGTERM make more urgent. Their earlier handlers are restored at the end.

    Outside the main thread Python handles no signals, and the stop signal stays as it is.
    """
    stop = StopSignal()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    last = float("-inf")

    def handle(_signal: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = clock()
        if now - last < _ECHO_SECONDS:
            return
        last = now
        if stop.urgency is Urgency.NOW:
            raise KeyboardInterrupt
        stop.request()

    earlier = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def announce_stop(
    events: Iterable[Event], stop: StopSignal, notices: Mapping[Urgency, str] = STUDY_NOTICES
) -> Iterator[Event | Notice]:
    """The events, with a notice of `notices` among them each time the stop signal becomes more urgent."""
    announced = Urgency.NONE
    for event in events:
        if stop.urgency > announced:
            announced = stop.urgency
            yield Notice(notices[announced])
        yield event
