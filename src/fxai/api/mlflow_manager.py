"""`MLflowManager`: MLflow server and experiment of `MinimalTuner`."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class MLflowManager:
    """An MLflow server and experiment. A search is a parent run with one child run per trial.

    Attributes:
        tracking_uri: Address of the server or the database. Default: MLFLOW_TRACKING_URI, or else sqlite:///mlflow.db.
        experiment: Name of the experiment. Default: `fx-ai-optuna`.
    """

    tracking_uri: str | None = None
    experiment: str | None = None

    def settings(self) -> dict[str, Any]:
        """The keys of a spec's `tracking.mlflow`."""
        given = {"tracking_uri": self.tracking_uri, "experiment": self.experiment}
        return {key: value for key, value in given.items() if value is not None}
