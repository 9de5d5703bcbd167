"""`<study>_best_config.yaml`: the config that trains the best trial's agent again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, JsonValue

from fxai.atomic_write import write_text
from fxai.errors import StorageError
from fxai.results.provenance import Provenance
from fxai.results.record import TrialRecord
from fxai.results.training.schedule import Segment
from fxai.search.stored_trial import StoredState
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.objective import FX_TRADING, LLM_SIGNAL, Objective, is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import load_record
from fxai.spec.search.configure import trial_config, trial_settings
from fxai.spec.search.custom_config import DERIVED, CustomConfig, with_json
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import read_yaml

_HEADER = (
    "# The best trial of the study {study} with all defaults. `fxai train` with this file trains the same agent.\n"
)


class BestConfig(Record):
    """The training of the best trial: its configuration and its seeds.

    The agent is trained in `training_config.env` and scored in `scoring_env`, which is the same for all trials of the
    study. The best trial of a population has a schedule: the parameters from each step on.
    """

    study_name: str
    trial: int
    objective: Literal["fx_trading"] = FX_TRADING
    metric_name: str
    score: str | None = None  # the formula of the metric `score`
    value: float | None  # in the search; None for a pruned trial that a confirmation chose
    seed: int
    seeds: tuple[int, ...] = ()  # of the members of a committee, of which `seed` is the first; empty for one agent
    training_config: TrainingConfig
    scoring_env: EnvConfig
    schedule: tuple[Segment, ...] = ()
    provenance: dict[str, JsonValue]

    @property
    def trained_seeds(self) -> tuple[int, ...]:
        """The seeds of the trainings: of each member of a committee, or of the one agent."""
        return self.seeds or (self.seed,)


class CustomBestConfig(Record):
    """The best trial of custom code: its parameters and its configuration."""

    study_name: str
    trial: int
    objective: Objective
    metric_name: str
    objectives: tuple[str, ...] = Field(default=(), exclude_if=lambda metrics: not metrics)  # all metrics, if several
    score: str | None = None  # the formula of the metric `score`
    value: float | None  # in the search; None for a pruned trial that a confirmation chose
    seed: int
    seeds: tuple[int, ...] = ()  # of the adapters of `llm_signal`, of which `seed` is the first; empty for one
    params: dict[str, Choice]
    training_config: dict[str, JsonValue]
    scoring_config: dict[str, JsonValue] | None = Field(default=None, exclude_if=lambda config: config is None)
    """The study's configuration, which scores the trials of `llm_signal`; custom code has none."""
    provenance: dict[str, JsonValue]

    @property
    def trained_seeds(self) -> tuple[int, ...]:
        """The seeds of the trainings; custom code has one."""
        return self.seeds or (self.seed,)


def best_config(
    spec: StudySpec,
    best: TrialRecord,
    provenance: Provenance,
    schedule: tuple[Segment, ...] = (),
    seeds: tuple[int, ...] = (),
) -> BestConfig | CustomBestConfig:
    """The config of the study's best trial, with the schedule of its weights if it has one.

    `seeds` are those of the study's agent, if they are not the trial's seed alone.

    Raises `StorageError` if the stored trial has no value or no seed.
    """
    without_value = best.value is None and best.state is not StoredState.PRUNED
    if without_value or best.seed is None:
        raise StorageError(
            f"{spec.study_name}: the database has no value or no seed of trial {best.number}, so its configuration "
            "cannot be written; restore the database from a backup"
        )
    if isinstance(spec.training_config, CustomConfig):
        return CustomBestConfig(
            study_name=spec.study_name,
            trial=best.number,
            objective=spec.objective,
            metric_name=spec.metric_name,
            objectives=tuple(goal.metric for goal in spec.objectives),
            score=spec.score,
            value=best.value,
            **_seed_fields(seeds if spec.objective == LLM_SIGNAL and seeds else (best.seed,)),
            params=dict(best.params),
            training_config=_with_derived(trial_settings(spec, best.params), best.derived),
            scoring_config=dict(spec.training_config.root) if spec.objective == LLM_SIGNAL else None,
            provenance=provenance.as_json(),
        )
    return BestConfig(
        study_name=spec.study_name,
        trial=best.number,
        metric_name=spec.metric_name,
        score=spec.score,
        value=best.value,
        **_seed_fields(seeds or (best.seed,)),
        training_config=trial_config(spec, best.params),
        scoring_env=spec.training_config.env,
        schedule=schedule,
        provenance=provenance.as_json(),
    )


def with_seeds(config: BestConfig | CustomBestConfig, seeds: tuple[int, ...]) -> BestConfig | CustomBestConfig:
    """The config of an agent of other seeds; custom code has one seed."""
    has_seeds = isinstance(config, BestConfig) or config.objective == LLM_SIGNAL
    return config.model_copy(update=_seed_fields(seeds)) if has_seeds and seeds else config


def _seed_fields(seeds: tuple[int, ...]) -> dict[str, Any]:
    return {"seed": seeds[0], "seeds": seeds if len(seeds) > 1 else ()}


def _with_derived(config: dict[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a training engine with the trial's derived values."""
    places = config.get(DERIVED) if derived else None
    if not isinstance(places, dict):
        return config
    return with_json(CustomConfig(config), {places[name]: value for name, value in derived.items() if name in places})


def write_best_config(path: Path, config: BestConfig | CustomBestConfig, *, chosen_by: str = "") -> None:
    """Write the file; `chosen_by` says how the trial was chosen, if not by its value in the search."""
    shown = config.model_dump(mode="json", exclude=_empty_fields(config))
    document = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
    how = f"# The trial was chosen by {chosen_by}.\n" if chosen_by else ""
    write_text(path, _HEADER.format(study=config.study_name) + how + document)


def _empty_fields(config: BestConfig | CustomBestConfig) -> set[str]:
    """`score`, `schedule` and `seeds` if they are empty; the file does not have them then."""
    return {name for name in ("score", "schedule", "seeds") if not getattr(config, name, None)}


def load_best_config(path: Path) -> BestConfig | CustomBestConfig:
    """Read a file of `write_best_config`. Raises `SpecError` if it has mistakes."""
    written = read_yaml(path).value
    own = isinstance(written, dict) and is_custom(written.get("objective"))
    return load_record(path, CustomBestConfig) if own else load_record(path, BestConfig)
