"""A small study as its trackers are told of it, and driving a tracker through it."""

import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

from fxai.spec.tracking import MlflowTracking, Tracking, WandbTracking
from fxai.tracking import Line, StudyBegan, StudyEnded, TrackerProcess, TrialBegan, TrialEnded, open_trackers
from fxai.trial import ParamValue, Report

METRIC = "mean_reward"
_DEADLINE_SECONDS = 60


def opening(*, resumed: bool = False) -> Line:
    return Line(study_began=StudyBegan("it's mine", "maximize", METRIC, resumed))


def trial(number: int, gamma: float) -> Line:
    config: dict[str, JsonValue] = {"training": {"gamma": gamma}}
    params: dict[str, ParamValue] = {"training.gamma": gamma, "model.type": "mlp"}
    return Line(trial_began=TrialBegan(number, 0, 100 + number, params, time.time(), config))


def report(number: int, step: int, value: float) -> Line:
    return Line(report=Report(number, step, value, {"sharpe": 2 * value}))


ENDING = Line(study_ended=StudyEnded(0, 0.5, {"training.gamma": 0.9}, "reached"))


def story() -> list[Line]:
    """Trial 0 completes, 1 is pruned, 2 fails, 3 is requeued and runs again, 4 is open when the study ends."""
    return [
        opening(),
        *(trial(number, 0.9 + number / 100) for number in range(4)),
        *(report(number, step, number + step / 100) for step in (10, 20) for number in range(4)),
        Line(trial_ended=TrialEnded(0, "complete", 0.5, {"sharpe": 1.5})),
        Line(trial_ended=TrialEnded(1, "pruned", 1.2)),
        Line(trial_ended=TrialEnded(2, "fail", cause="exception", message="no such bar")),
        Line(trial_ended=TrialEnded(3, "requeued")),
        trial(3, 0.93),
        Line(trial_ended=TrialEnded(3, "complete", 0.25)),
        trial(4, 0.94),
        report(4, 10, 0.125),
        ENDING,
    ]


def told(lines: Iterable[Line], settings: WandbTracking | MlflowTracking, folder: Path) -> list[str]:
    """Have one tracker work in the lines; what its user was told."""
    wandb = settings if isinstance(settings, WandbTracking) else None
    mlflow = settings if isinstance(settings, MlflowTracking) else None
    with open_trackers(Tracking(wandb=wandb, mlflow=mlflow), folder, folder / "logs") as trackers:
        for tracker in trackers:
            for line in lines:
                tracker.feed(line)
        return [notice for tracker in trackers for notice in heard(tracker)]


def heard(tracker: TrackerProcess) -> list[str]:
    """All notices until nothing is outstanding."""
    notices: list[str] = []
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while tracker.outstanding and time.monotonic() < deadline:
        tracker.wait(0.1)
        notices += tracker.look()
    assert not tracker.outstanding
    return [*notices, *tracker.look()]
