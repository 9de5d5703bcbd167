"""`TrainingEngine`: trains FxAI's trading agents for `HPOptimizer`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fxai.api.config_sections import sections_of
from fxai.errors import SpecError
from fxai.objectives.engine import Engine
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.validation import validate
from fxai.spec.search.findings import as_problems
from fxai.spec.search.metrics import Metrics

__all__ = ["Engine", "TrainingEngine"]


class TrainingEngine:
    """Trains FxAI's trading agents. The default engine of `HPOptimizer`.

    A search does not call `train`. It trains many agents at once in the lanes of its workers, with the same results. To
    search over something else, write a class with a method `train` like `Engine.train`.
    """

    def __init__(self, *, seed: int = 0, device: str = "cpu") -> None:
        self.seed = seed
        self.device = device

    def train(
        self,
        model_config: Mapping[str, Any] | None = None,
        data_config: Mapping[str, Any] | None = None,
        training_config: Mapping[str, Any] | None = None,
        *,
        save_path: str | Path | None = None,
    ) -> Mapping[str, float]:
        """Train one agent in this process.

        Args:
            model_config: As for `HPOptimizer.optimize`, or the result of `get_best_model_config`.
            data_config: As for `HPOptimizer.optimize`.
            training_config: As for `HPOptimizer.optimize`.
            save_path: File for the agent.

        Returns:
            The agent's metrics on the validation split, including `val_loss`.
        """
        from fxai.objectives.train_agent import train_agent  # noqa: PLC0415 - slow to load

        config = training_config_of(
            sections_of({"model": model_config, "data": data_config, "training": training_config})
        )
        trained = train_agent(config, config.env, self.seed, self.device)
        if save_path is not None:
            trained.agent.save(Path(save_path))
        return Metrics(trained.evaluations[-1].metrics[0])


def training_config_of(sections: dict[str, Any]) -> TrainingConfig:
    """The configuration with all defaults. Raises `SpecError` if it has mistakes."""
    config, findings = validate(TrainingConfig, sections)
    if config is None or findings:
        raise SpecError("configuration", as_problems(findings))
    return config
