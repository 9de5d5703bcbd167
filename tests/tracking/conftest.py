"""A machine without settings of a tracker."""

import os

import pytest


@pytest.fixture(autouse=True)
def _no_tracker_of_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("WANDB_", "MLFLOW_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
