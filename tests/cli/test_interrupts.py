"""Ctrl-C and SIGTERM: once for soon, twice for now, an echo of the first ignored."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from fxai.study.events import Heartbeat, Notice, StudyEvent
from fxai.study.interrupts import announce_stop, stop_on_signals
from fxai.study.stop_signal import StopSignal, Urgency

BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@BOTH
def test_once_for_soon_twice_for_now(number: signal.Signals) -> None:
    clock = Clock()
    with stop_on_signals(clock) as stop:
        assert stop.urgency is Urgency.NONE
        os.kill(os.getpid(), number)
        assert stop.urgency is Urgency.SOON
        clock.now = 5.0
        os.kill(os.getpid(), number)
        assert stop.urgency is Urgency.NOW


def test_a_second_signal_within_a_second_is_an_echo_of_the_first() -> None:
    clock = Clock()
    with stop_on_signals(clock) as stop:
        os.kill(os.getpid(), signal.SIGINT)
        clock.now = 0.9
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.urgency is Urgency.SOON


def test_a_third_signal_cuts_off() -> None:
    clock = Clock()
    with stop_on_signals(clock):
        for now in (0.0, 5.0):
            clock.now = now
            os.kill(os.getpid(), signal.SIGINT)
        clock.now = 10.0
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


@BOTH
def test_the_earlier_handler_returns(number: signal.Signals) -> None:
    earlier = signal.getsignal(number)
    with stop_on_signals():
        assert signal.getsignal(number) is not earlier
    assert signal.getsignal(number) is earlier


def test_outside_the_main_thread_no_handler_changes() -> None:
    def handler_and_urgency() -> tuple[object, Urgency]:
        with stop_on_signals() as stop:
            return signal.getsignal(signal.SIGINT), stop.urgency

    with ThreadPoolExecutor() as threads:
        assert threads.submit(handler_and_urgency).result() == (signal.getsignal(signal.SIGINT), Urgency.NONE)


def test_a_stop_is_announced_once_at_each_step() -> None:
    stop = StopSignal()

    def events() -> Iterator[StudyEvent]:
        yield Heartbeat(())
        stop.request()
        yield Heartbeat(())
        yield Heartbeat(())
        stop.request()
        yield Heartbeat(())

    kinds = [type(event) for event in announce_stop(events(), stop)]
    assert kinds == [Heartbeat, Notice, Heartbeat, Heartbeat, Notice, Heartbeat]


def test_without_a_stop_the_events_pass_unchanged() -> None:
    events = [Heartbeat(()), Notice("x")]
    assert list(announce_stop(events, StopSignal())) == events
