"""Messages of a small study to a tracker, and a driver that sends them."""

import time
from collections.abc import Iterable
from pathlib import Path

from pydantic import JsonValue

from fxai.protocol import ParamValue, Report
from fxai.spec.fields.tracking import MlflowTracking, Tracking, WandbTracking
from fxai.tracking import (
    StudyBeganMessage,
    StudyEndedMessage,
    StudyMessage,
    TrackerProcess,
    TrialBeganMessage,
    TrialEndedMessage,
    open_trackers,
)

METRIC = "mean_reward"
_DEADLINE_SECONDS = 60


def opening(*, resumed: bool = False) -> StudyMessage:
    return StudyMessage(study_began=StudyBeganMessage("it's mine", "maximize", METRIC, resumed))


def trial(number: int, gamma: float) -> StudyMessage:
    config: dict[str, JsonValue] = {"training": {"gamma": gamma}}
    params: dict[str, ParamValue] = {"training.gamma": gamma, "model.type": "mlp"}
    return StudyMessage(trial_began=TrialBeganMessage(number, 0, 100 + number, params, time.time(), config))


def report(number: int, step: int, value: float) -> StudyMessage:
    return StudyMessage(report=Report(number, step, value, {"sharpe": 2 * value}))


ENDING = StudyMessage(study_ended=StudyEndedMessage(0, 0.5, {"training.gamma": 0.9}, "reached"))


def story() -> list[StudyMessage]:
    """Trial 0 completes, 1 is pruned, 2 fails, 3 is requeued and runs again, 4 is open when the study ends."""
    return [
        opening(),
        *(trial(number, 0.9 + number / 100) for number in range(4)),
        *(report(number, step, number + step / 100) for step in (10, 20) for number in range(4)),
        StudyMessage(trial_ended=TrialEndedMessage(0, "complete", 0.5, {"sharpe": 1.5})),
        StudyMessage(trial_ended=TrialEndedMessage(1, "pruned", 1.2)),
        StudyMessage(trial_ended=TrialEndedMessage(2, "fail", cause="exception", message="no such bar")),
        StudyMessage(trial_ended=TrialEndedMessage(3, "requeued")),
        trial(3, 0.93),
        StudyMessage(trial_ended=TrialEndedMessage(3, "complete", 0.25)),
        trial(4, 0.94),
        report(4, 10, 0.125),
        ENDING,
    ]


def told(lines: Iterable[StudyMessage], settings: WandbTracking | MlflowTracking, folder: Path) -> list[str]:
    """Send the lines to a tracker. Returns the notices for the user."""
    wandb = settings if isinstance(settings, WandbTracking) else None
    mlflow = settings if isinstance(settings, MlflowTracking) else None
    with open_trackers(Tracking(wandb=wandb, mlflow=mlflow), folder, folder / "logs") as trackers:
        for tracker in trackers:
            for line in lines:
                tracker.send(line)
        return [notice for tracker in trackers for notice in heard(tracker)]


def heard(tracker: TrackerProcess) -> list[str]:
    """All notices until nothing is outstanding."""
    notices: list[str] = []
    deadline = time.monotonic() + _DEADLINE_SECONDS
    while tracker.outstanding and time.monotonic() < deadline:
        tracker.wait(0.1)
        notices += tracker.poll()
    assert not tracker.outstanding
    return [*notices, *tracker.poll()]
