"""`MinimalTuner`: tunes a trading agent on the user's data."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from fxai.api.config_sections import Config, sections_of, set_nested
from fxai.api.field_names import field_of
from fxai.api.grid import with_values_of
from fxai.api.hpo_config import DEFAULT_STORAGE
from fxai.api.mlflow_manager import MLflowManager
from fxai.api.search_call import Caller, SearchCall, run_call
from fxai.api.search_settings import Search, Switch, conditions, grid_of
from fxai.api.search_space import Space, constants_of, json_value, parameters_of
from fxai.api.studies import DEFAULT_RESULTS_DIR
from fxai.api.training_engine import training_config_of
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.mirror.working_folder import storage_for, working_folder
from fxai.results.html_table import html_table
from fxai.results.study_results import StudyResults
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import parse_choice
from fxai.spec.fields.training_config import TrainingConfig, algorithm_in
from fxai.spec.search.metrics import Metrics
from fxai.spec.search.score import SCORE as METRIC
from fxai.spec.search.score import with_score
from fxai.study.progress_log import speaking_logger

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent

EPISODES = 20
SCORE = "total_return - 0.5 * max_drawdown"
"""The return of an episode of the validation data minus half of its maximum drawdown, both as fractions of the
starting equity; the mean over the episodes. An agent that never trades scores 0."""

DEFAULT_SPACE: Space = MappingProxyType(
    {
        "lr": {"type": "loguniform", "low": 1e-4, "high": 1e-2},
        "hidden_size": {"type": "choice", "values": [32, 64, 128]},
        "batch_size": {"type": "choice", "values": [32, 64, 128]},
        "total_updates": 100,  # of 1024 steps each
    }
)
_NAME = "tuner"
_MLFLOW = "mlflow"


class Session(Protocol):
    """Receives the metrics of a trial, like a session of Ray."""

    def report(self, metrics: dict[str, float]) -> Any: ...


@dataclass(frozen=True)
class TuneResult:
    """The best trial: its parameters by the names of the search space, its metrics, and the results of the study."""

    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    results: StudyResults

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        best = (METRIC, number_text(METRIC, self.metrics[METRIC], trading=True))
        rows = [*((name, figure(value)) for name, value in self.config.items()), best]
        return html_table(f"Best of {self.results.summary.finished} trials", ("", ""), rows)


class MinimalTuner:
    """Tunes a trading agent on your data.

    Args:
        train_data: A DataFrame with columns for time (or a DatetimeIndex), open, high, low and close, or the path of a
            CSV or Parquet file. Without `val_data` also a named data set, e.g. "eurusd_1h".
        val_data: Validation data in the same form; they begin after the end of `train_data`. Without them,
            `train_data` is split by time.
        mlflow_tracking: Whether to record the trials in MLflow. Default: if MLflow is installed or a manager is given.
        training_config: Fixed settings, as fields or sections of a spec's `training_config`.
        constraints: Conditions that a configuration must meet to be trained, e.g.
            `"hidden_size * batch_size <= 4096"`.
        resources_per_trial: Resources of each trial, e.g. `{"cpu": 2, "gpu": 0.5}`.
        mlflow_manager: Server and experiment of MLflow. The attribute of this name is None without MLflow.
        ray_config: Arguments of `ray.init`; see `HPOptimizer`.
        storage: SQLAlchemy URL of the database of the studies.
        results_dir: Folder or URL of the studies' files.
        seed: Seed of the studies.
    """

    def __init__(
        self,
        train_data: Any,
        val_data: Any = None,
        mlflow_tracking: bool | None = None,  # noqa: FBT001 (the guide's own signature)
        *,
        training_config: Config | None = None,
        constraints: Sequence[str] | str = (),
        resources_per_trial: Mapping[str, float] | None = None,
        mlflow_manager: MLflowManager | None = None,
        ray_config: Mapping[str, Any] | None = None,
        storage: str = DEFAULT_STORAGE,
        results_dir: str | Path = DEFAULT_RESULTS_DIR,
        seed: int = 0,
    ) -> None:
        from fxai.api.tuner_data import data_section  # noqa: PLC0415 (pandas)

        self.train_data = train_data
        self.val_data = val_data
        if mlflow_tracking is None:
            mlflow_tracking = mlflow_manager is not None or find_spec(_MLFLOW) is not None
        self.mlflow_tracking = mlflow_tracking
        self.mlflow_manager = (mlflow_manager or MLflowManager()) if mlflow_tracking else None
        self.constraints = conditions(constraints)
        self.resources_per_trial = resources_per_trial
        self._results_dir = expanded_path(working_folder(results_dir, ()))
        self._ray_config = ray_config
        self._storage = storage_for(storage, self._results_dir)
        self._seed = seed
        self._logger = speaking_logger("MinimalTuner")
        data = data_section(train_data, val_data, self._results_dir / "data")
        split = {**data.get("split", {}), "validation_episodes": EPISODES}
        self._shared = sections_of({"training": training_config, "data": {**data, "split": split}})

    def optimize(
        self,
        search_space: Space | None = None,
        num_samples: int | None = None,
        max_concurrent: int = 4,
        *,
        search_algorithm: Search = None,
        scheduler: Search = None,
        constraints: Sequence[str] | str = (),
        resources_per_trial: Mapping[str, float] | None = None,
        study_name: str | None = None,
        n_jobs: int | None = None,
        lanes_per_worker: int | None = None,
        timeout: float | None = None,
        confirm: Switch = None,
        verdict: Switch = None,
        fresh: bool = False,
        plots: bool = True,
    ) -> TuneResult:
        """Search for the configuration with the largest `score` (see `SCORE`). The same call resumes its study.

        Args:
            search_space: Parameters by name. Each is one of Ray's domains (`tune.loguniform(1e-4, 1e-2)`), a mapping
                (`{"type": "loguniform", "low": 1e-4, "high": 1e-2}`), or a value that is the same for all trials. `lr`
                is `training.learning_rate`, `hidden_size` is `model.d_model`; see `HPOptimizer.optimize` for other
                names. Default: `DEFAULT_SPACE`.
            num_samples: Total number of trials. Default: 10, or each point once if the whole space is a grid.
            max_concurrent: Greatest number of running trials.
            search_algorithm: See `HPOptimizer.optimize`.
            scheduler: See `HPOptimizer.optimize`.
            study_name: See `HPOptimizer.optimize`.
            n_jobs: See `HPOptimizer.optimize`.
            lanes_per_worker: See `HPOptimizer.optimize`.
            timeout: See `HPOptimizer.optimize`.
            confirm: See `HPOptimizer.optimize`.
            verdict: See `HPOptimizer.optimize`.
            fresh: See `HPOptimizer.optimize`.
            constraints: Further constraints of this search.
            resources_per_trial: Replaces the tuner's `resources_per_trial`.
            plots: Whether to write the HTML plots.

        Returns:
            The best trial.
        """
        space = with_values_of(DEFAULT_SPACE if search_space is None else search_space, grid_of(search_algorithm))
        call = SearchCall(
            space=space,
            trials=num_samples,
            metric=METRIC,
            mode="max",
            search_algorithm=search_algorithm,
            scheduler=scheduler,
            max_concurrent_trials=max_concurrent,
            resources_per_trial=resources_per_trial or self.resources_per_trial,
            lanes_per_worker=lanes_per_worker,
            n_jobs=n_jobs,
            ray_config=self._ray_config,
            seed=self._seed,
            timeout=timeout,
            constraints=[*self.constraints, *conditions(constraints)],
            confirm=confirm,
            verdict=verdict,
            study_name=study_name,
            fresh=fresh,
            plots=plots,
        )
        caller = Caller(_NAME, "num_samples", self._storage, self._results_dir, self._logger)
        results = run_call(call, caller, call.study(caller, self._trained(space)))
        best = results.best
        config = {**constants_of(space), **{name: parse_choice(value) for name, value in best.params.items()}}
        return TuneResult(config, Metrics({**best.metrics, METRIC: results.best_value}), results)

    def objective(self, config: Config, session: Session | None = None) -> dict[str, float]:
        """Train an agent with a configuration, evaluate it, and report its metrics to the session.

        The method can be a trainable of Ray.

        Args:
            config: Values by the names of a search space.
            session: Receives the metrics.

        Returns:
            The metrics.
        """
        metrics = self.evaluate_config(config, self.train(config))
        if session is not None:
            session.report(metrics)
        return metrics

    def evaluate_config(self, config: Config, agent: "Agent | None" = None) -> dict[str, float]:
        """Evaluate an agent on 20 episodes of the validation data.

        The episodes are consecutive and cover the data. The agent acts greedily.

        Args:
            config: Values by the names of a search space.
            agent: The agent; if None, an agent is trained with the configuration.

        Returns:
            The mean of each metric over the episodes, with the standard error of the stretch of market.
        """
        from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415 - slow to load
        from fxai.rl.agents.trajectory import track_record_of  # noqa: PLC0415

        agent = agent or self.train(config)
        window = evaluation_window(agent, split="validation")
        found = track_record_of(agent, window.market, window.span, window.split, parts=window.parts)
        return Metrics(with_score(found.metrics, SCORE))

    def train(self, config: Config) -> "Agent":
        """Train an agent with a configuration, in this process."""
        from fxai.objectives.train_agent import train_agent  # noqa: PLC0415 - slow to load

        training_config = self._training_config(config)
        return train_agent(training_config, training_config.env, self._seed).agent

    def _trained(self, space: Space) -> dict[str, Any]:
        """What the trials train, their score and who records them, in a spec's keys."""
        sections = self._sections(constants_of(space))
        paths = {name: field_of(name, algorithm_in(sections), {}) for name in space}
        return {
            "parameters": parameters_of(space, paths),
            "training_config": json_value(sections),
            "score": SCORE,
            "tracking": {} if self.mlflow_manager is None else {_MLFLOW: self.mlflow_manager.settings()},
        }

    def _training_config(self, config: Config) -> TrainingConfig:
        return training_config_of(self._sections(config))

    def _sections(self, values: Config) -> dict[str, dict[str, Any]]:
        """The fixed configuration, with values by their names."""
        sections = copy.deepcopy(self._shared)
        for name, value in values.items():
            set_nested(sections, field_of(name, algorithm_in(sections), {}), json_value(value))
        return sections
