"""`MLflowManager`: where `MinimalTuner` records its trials in MLflow."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MLflowManager:
    """A server and an experiment of MLflow's; the search records a run for itself, and one for each trial below it.

    tracking_uri: address of the server or the database; MLFLOW_TRACKING_URI unless given, or else sqlite:///mlflow.db.
    experiment: its name; `fx-ai-optuna` unless given.
    """

    tracking_uri: str | None = None
    experiment: str | None = None

    def settings(self) -> dict[str, Any]:
        """The keys of a spec's `tracking.mlflow`."""
        given = {"tracking_uri": self.tracking_uri, "experiment": self.experiment}
        return {key: value for key, value in given.items() if value is not None}
