"""A study run by FxAI as its command line runs it, with the moment at which each of its trials ended."""

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from fxai.spec.study import StudySpec
from fxai.stop_signal import StopSignal
from fxai.study_events import Ending, Notice, StudyEnded, StudyEvent, TrialFinished, WorkerReplaced
from fxai.trial import TrialState
from fxai.tuning.taking_over import TakingOver
from fxai.tuning.tune import tune
from fxai.workers.machine import available_gpus


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a trial, by `time.monotonic`."""

    moment: float
    began: float
    state: TrialState
    best_value: float | None  # of the study so far
    metrics: Mapping[str, float] = field(default_factory=dict)  # of the trial's last evaluation
    env_steps: int = 0  # that the trial took


@dataclass(frozen=True, slots=True)
class TimedStudy:
    """What a study came to, and when."""

    called: float  # before anything was read or started
    finishes: Sequence[Finish]

    @property
    def seconds(self) -> float:
        """From the call to the last trial's end: all that a user waits for but the writing of the results."""
        return self.finishes[-1].moment - self.called

    @property
    def best_value(self) -> float:
        return self.best_at(self.seconds)

    def best_at(self, seconds: float) -> float:
        """The best value so many seconds after the call; NaN before the first."""
        found = [each.best_value for each in self.finishes if each.moment - self.called <= seconds]
        return next((best for best in reversed(found) if best is not None), float("nan"))


@dataclass(slots=True)
class _Stopwatch:
    """Watches a study, as the command line's views do."""

    finishes: list[Finish] = field(default_factory=list)

    def __call__(self, events: Iterable[StudyEvent]) -> StudyEnded:
        for event in events:
            match event:
                case TrialFinished(result, _, standing):
                    now = time.monotonic()
                    began = now - result.seconds
                    told = (result.state, standing.best_value, result.metrics, result.usage.env_steps)
                    self.finishes.append(Finish(now, began, *told))
                    if result.error is not None:
                        print(f"trial {result.number} failed: {result.error.message}", file=sys.stderr)
                case WorkerReplaced() | Notice():
                    print(event.message, file=sys.stderr)
                case StudyEnded():
                    return event
                case _:
                    pass
        raise RuntimeError("the events of a study broke off before its end")


def time_study(study: StudySpec) -> TimedStudy:
    """Bring a study to its end in a folder of its own; its database is a file of SQLite there."""
    stopwatch, called = _Stopwatch(), time.monotonic()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = study.model_copy(update={"storage": f"sqlite:///{folder / 'study.db'}"})
        ended = tune(TakingOver(own), folder / "results", stopwatch, StopSignal(), plots=False).ended
    if ended.ending is not Ending.REACHED:
        sys.exit(f"the study {study.study_name} did not reach its end: {ended.reason}")
    return TimedStudy(called, stopwatch.finishes)


def choose_device(device: str) -> None:
    """Let FxAI find its slots on the CPU although the machine has a GPU, or make sure that it finds one."""
    if device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""
    elif not available_gpus():
        sys.exit("this machine has no GPU that FxAI could use; leave out --device cuda")
