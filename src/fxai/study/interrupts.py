"""Ctrl-C and SIGTERM while a study runs: once for soon, twice for now.

A second signal within a second of the first is ignored: `poetry run` and `poe` pass a Ctrl-C on to a
process that the terminal has told already. A third cuts the program off wherever it is.
"""

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from fxai.study.events import Notice
from fxai.study.stop_signal import StopSignal, Urgency

Event = TypeVar("Event")

_ECHO_SECONDS = 1.0
OF_A_STUDY: Mapping[Urgency, str] = {
    Urgency.SOON: "Interrupted: no new trials; the running ones end or are saved. Once more to stop now.",
    Urgency.NOW: "Stopping now: the running trials go on from their last checkpoints next time.",
}


@contextmanager
def stop_on_signals(clock: Callable[[], float] = time.monotonic) -> Iterator[StopSignal]:
    """A stop signal that Ctrl-C and SIGTERM raise; their earlier handlers return at the end."""
    stop = StopSignal()
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
    events: Iterable[Event], stop: StopSignal, words: Mapping[Urgency, str] = OF_A_STUDY
) -> Iterator[Event | Notice]:
    """The events, with a notice among them each time the stop signal becomes more urgent."""
    announced = Urgency.NONE
    for event in events:
        if stop.urgency > announced:
            announced = stop.urgency
            yield Notice(words[announced])
        yield event
