"""Runs a study as the command line does, and records the time at which each trial ended."""

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fxai.pool.machine import available_gpus
from fxai.protocol import TrialState
from fxai.spec.search.study import StudySpec
from fxai.study.events import Ending, Notice, StudyEnded, StudyEvent, TrialFinished, WorkerReplaced
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a trial, by `time.monotonic`."""

    moment: float
    began: float
    state: TrialState
    metrics: Mapping[str, float]  # of the trial's last evaluation


@dataclass(frozen=True, slots=True)
class TimedStudy:
    """Results of a study with their times."""

    called: float  # before anything was read or started
    finishes: Sequence[Finish]

    @property
    def seconds(self) -> float:
        """From the call to the last trial's end: all that a user waits for but the writing of the results."""
        return self.finishes[-1].moment - self.called


@dataclass(slots=True)
class _Stopwatch:
    """Watches a study, as the command line's views do."""

    finishes: list[Finish] = field(default_factory=list)

    def __call__(self, events: Iterable[StudyEvent]) -> StudyEnded:
        for event in events:
            match event:
                case TrialFinished(result):
                    now = time.monotonic()
                    self.finishes.append(Finish(now, now - result.seconds, result.state, result.metrics))
                    if result.error is not None:
                        print(f"trial {result.number} failed: {result.error.message}", file=sys.stderr)
                case WorkerReplaced() | Notice():
                    print(event.message, file=sys.stderr)
                case StudyEnded():
                    return event
                case _:
                    pass
        raise RuntimeError("the events of the study ended without StudyEnded")


def time_study(study: StudySpec) -> TimedStudy:
    """Bring a study's search to its end in a folder of its own; its database is a file of SQLite there."""
    stopwatch, called = _Stopwatch(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        only_search = {"confirm": "off", "verdict": "off"}
        own = study.model_copy(update={"storage": f"sqlite:///{folder / 'study.db'}", **only_search})
        ended = search_study(own, folder / "results", stopwatch, StopSignal(), plots=False).ended
    if ended.ending is not Ending.REACHED:
        sys.exit(f"the study {study.study_name} did not reach its end: {ended.reason}")
    return TimedStudy(called, stopwatch.finishes)


def choose_device(device: str) -> None:
    """Let FxAI find its slots on the CPU although the machine has a GPU, or make sure that it finds one."""
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not available_gpus():
        sys.exit("this machine has no GPU that FxAI could use; leave out --device cuda")
