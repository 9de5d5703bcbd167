"""The trackers that a spec requests: availability and processes."""

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from fxai.errors import InputError
from fxai.protocol.tracker_messages import TrackerWelcome
from fxai.spec.fields.tracking import MlflowTracking, Tracking, WandbTracking
from fxai.tracking.tracker_process import TrackerProcess

_NAMES = {"wandb": "Weights & Biases", "mlflow": "MLflow"}
_DEFAULTS = {
    # Short timeouts for servers that do not answer; no telemetry.
    "WANDB_INIT_TIMEOUT": "20",
    "WANDB_ERROR_REPORTING": "false",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
_OF_ONE_RUN = ("WANDB_RUN_ID", "WANDB_RESUME", "WANDB_SERVICE", "MLFLOW_RUN_ID")  # all trials would share one run


def check_trackers(tracking: Tracking) -> None:
    """Check that the requested trackers are installed, before anything is started.

    Raises:
        InputError: If a tracker is not installed.
    """
    if tracking.mlflow is not None and importlib.util.find_spec("mlflow") is None:
        raise InputError(
            "the spec requests MLflow, which is not installed: run `pip install 'fxai[mlflow]'` "
            "(in a clone `poetry install --extras mlflow`), or remove `mlflow` from `tracking`"
        )


@contextmanager
def open_trackers(tracking: Tracking, directory: Path, logs: Path) -> Iterator[Sequence[TrackerProcess]]:
    """Start the trackers' processes, and end them with the block; `directory` is the study's folder."""
    with ExitStack() as stack:
        trackers = []
        for name, settings in _asked_for(tracking):
            welcome = TrackerWelcome(name, settings.model_dump(mode="json"), directory)
            tracker = TrackerProcess(
                _NAMES[name], welcome, logs / f"tracking-{name}.log", tracker_environment(os.environ)
            )
            stack.callback(tracker.close)
            trackers.append(tracker)
        yield trackers


def tracker_names(tracking: Tracking) -> Sequence[str]:
    """Names of the trackers that record the study."""
    return [_NAMES[name] for name, _ in _asked_for(tracking)]


def _asked_for(tracking: Tracking) -> Iterator[tuple[str, WandbTracking | MlflowTracking]]:
    """The trackers' settings, without a tracker whose mode is `disabled`."""
    if tracking.wandb is not None and (tracking.wandb.mode or os.environ.get("WANDB_MODE")) != "disabled":
        yield "wandb", tracking.wandb
    if tracking.mlflow is not None:
        yield "mlflow", tracking.mlflow


def tracker_environment(own: Mapping[str, str]) -> Mapping[str, str]:
    """Environment of a tracker: that of this process, its module path, and short timeouts.

    Timeouts that the user sets are kept.
    """
    path = os.pathsep.join(filter(None, sys.path))
    return {**_DEFAULTS, **{key: value for key, value in own.items() if key not in _OF_ONE_RUN}, "PYTHONPATH": path}
