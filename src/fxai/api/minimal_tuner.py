"""`MinimalTuner`: the shortest way from bars to a configuration."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from fxai.api.config_sections import Config, algorithm_in, sections_of, set_nested
from fxai.api.field_names import field_of
from fxai.api.grid import with_values_of
from fxai.api.hpo_config import DEFAULT_STORAGE
from fxai.api.mlflow_manager import MLflowManager
from fxai.api.search_call import Caller, SearchCall, run_call
from fxai.api.search_settings import Search, conditions, grid_of
from fxai.api.search_space import Space, constants_of, parameters_of, plain
from fxai.api.studies import DEFAULT_RESULTS_DIR
from fxai.api.training_engine import training_config_of
from fxai.formatting import figure
from fxai.metric_text import number_text
from fxai.results.html_table import html_table
from fxai.results.study_results import StudyResults
from fxai.spec.fields.environment import expanded_path
from fxai.spec.fields.field_paths import list_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.metrics import Metrics
from fxai.spec.search.score import SCORE as METRIC
from fxai.spec.search.score import with_score
from fxai.study.progress_log import speaking_logger

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent

EPISODES = 20
SCORE = "total_return - 0.5 * max_drawdown"
"""What an episode of the validation data earns, less half of its deepest fall from a peak, both as shares of the
equity that it began with; the mean over the episodes. Not to trade at all scores 0."""

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
    """What takes the metrics of a trial, as Ray's sessions do."""

    def report(self, metrics: dict[str, float]) -> Any: ...


@dataclass(frozen=True)
class TuneResult:
    """The best trial: its parameters under the names of the search space, its metrics, and all that was found."""

    config: Mapping[str, Any]
    metrics: Mapping[str, float]
    results: StudyResults

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        best = (METRIC, number_text(METRIC, self.metrics[METRIC], trading=True))
        rows = [*((name, figure(value)) for name, value in self.config.items()), best]
        return html_table(f"Best of {self.results.summary.finished} trials", ("", ""), rows)


class MinimalTuner:
    """Tunes a trading agent on bars of one's own.

    train_data, val_data: DataFrames with columns for time (or a DatetimeIndex), open, high, low and close, or paths of
        CSV or Parquet files; validation begins after training has ended. Without `val_data` one data set, which may
        also be a named one such as "eurusd_1h", that is split in the order of time.
    mlflow_tracking: record the trials in MLflow; unless given, where MLflow is installed or a manager is given.
    mlflow_manager: the server and the experiment that record them. The attribute of this name is None without MLflow.
    training_config: what is not searched, as fields or sections of a spec's `training_config`.
    constraints: conditions that a configuration must keep to be trained, as `"hidden_size * batch_size <= 4096"`.
    resources_per_trial: `{"cpu": 2, "gpu": 0.5}`, of each search.
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
        self._results_dir = expanded_path(results_dir)
        self._storage = storage
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
        fresh: bool = False,
        plots: bool = True,
    ) -> TuneResult:
        """Try `num_samples` configurations, 10 unless given, `max_concurrent` at a time, and return the best.

        Where all of the space is a grid, each point is tried once unless `num_samples` is given.

        search_space: parameters by name, each one of Ray's domains (`tune.loguniform(1e-4, 1e-2)`) or a mapping
            (`{"type": "loguniform", "low": 1e-4, "high": 1e-2}`); a value is the same for all trials. `lr` is
            `training.learning_rate`, `hidden_size` `model.d_model`; see `HPOptimizer.optimize` for other names.
            `DEFAULT_SPACE` unless given.
        constraints: further ones of this search; resources_per_trial: in place of the tuner's.
        search_algorithm, scheduler, study_name, n_jobs, lanes_per_worker, timeout, fresh: as of
            `HPOptimizer.optimize`.

        What is maximised is `score`, see `SCORE`. The same call goes on with the study that it began.
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
            seed=self._seed,
            timeout=timeout,
            constraints=[*self.constraints, *conditions(constraints)],
            study_name=study_name,
            fresh=fresh,
            plots=plots,
        )
        caller = Caller(_NAME, "num_samples", self._storage, self._results_dir, self._logger)
        results = run_call(call, caller, call.study(caller, self._trained(space)))
        best = results.best
        config = {**constants_of(space), **{name: list_of(value) for name, value in best.params.items()}}
        return TuneResult(config, Metrics({**best.metrics, METRIC: results.best_value}), results)

    def objective(self, config: Config, session: Session | None = None) -> dict[str, float]:
        """Train an agent with this configuration, evaluate it, report its metrics to the session, and return them.

        `config` holds parameters by the names of a search space, as Ray hands them to a trainable: it can be one.
        """
        metrics = self.evaluate_config(config, self.train(config))
        if session is not None:
            session.report(metrics)
        return metrics

    def evaluate_config(self, config: Config, agent: "Agent | None" = None) -> dict[str, float]:
        """The metrics of an agent on 20 episodes of the validation data, each the mean, and its standard error.

        Without an agent, one is trained with this configuration first. The episodes follow each other and cover the
        data; in each the agent acts greedily.
        """
        from fxai.rl.agents.evaluation_window import evaluation_window  # noqa: PLC0415 (torch)
        from fxai.rl.agents.trajectory import track_record_of  # noqa: PLC0415

        agent = agent or self.train(config)
        window = evaluation_window(agent, split="validation")
        found = track_record_of(agent, window.market, window.span, window.split, parts=window.parts)
        return Metrics(with_score(found.metrics, SCORE))

    def train(self, config: Config) -> "Agent":
        """An agent trained with this configuration, in this process."""
        from fxai.objectives.train_agent import train_agent  # noqa: PLC0415 (torch)

        made = self._training_config(config)
        return train_agent(made, made.env, self._seed).agent

    def _trained(self, space: Space) -> dict[str, Any]:
        """What the trials train, their score and who records them, in a spec's keys."""
        sections = self._sections(constants_of(space))
        paths = {name: field_of(name, algorithm_in(sections), {}) for name in space}
        return {
            "parameters": parameters_of(space, paths),
            "training_config": plain(sections),
            "score": SCORE,
            "tracking": {} if self.mlflow_manager is None else {_MLFLOW: self.mlflow_manager.settings()},
        }

    def _training_config(self, config: Config) -> TrainingConfig:
        return training_config_of(self._sections(config))

    def _sections(self, values: Config) -> dict[str, dict[str, Any]]:
        """The configuration of all trials, with further values by their names."""
        sections = copy.deepcopy(self._shared)
        for name, value in values.items():
            set_nested(sections, field_of(name, algorithm_in(sections), {}), plain(value))
        return sections
