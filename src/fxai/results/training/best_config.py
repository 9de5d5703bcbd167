"""`<study>_best_config.yaml`: everything that trains the best trial's agent once more."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, JsonValue

from fxai.atomic_write import write_text
from fxai.results.provenance import Provenance
from fxai.results.record import TrialRecord
from fxai.results.training.schedule import Segment
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.objective import FX_TRADING, Objective, is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import load_record
from fxai.spec.search.configure import trial_config, trial_settings
from fxai.spec.search.custom_config import DERIVED, CustomConfig, with_json
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import read_yaml

_HEADER = "# The best trial of the study {study}, every default in place: it trains the same agent again.\n"


class BestConfig(Record):
    """One training in full: the configuration with the winner's parameters in place, and its seed.

    The agent learns in `training_config.env`; what it scores is measured in `scoring_env`, which is the
    same for all trials of the study. A winner of populations has a schedule: which parameters from which step on.
    """

    study_name: str
    trial: int
    objective: Literal["fx_trading"] = FX_TRADING
    metric_name: str
    score: str | None = None  # the formula of the metric `score`
    value: float
    seed: int
    training_config: TrainingConfig
    scoring_env: EnvConfig
    schedule: tuple[Segment, ...] = ()
    provenance: dict[str, JsonValue]


class CustomBestConfig(Record):
    """One trial of code of the user's own in full: what it was given, the winner's parameters in place."""

    study_name: str
    trial: int
    objective: Objective
    metric_name: str
    objectives: tuple[str, ...] = Field(default=(), exclude_if=lambda metrics: not metrics)  # all metrics, if several
    score: str | None = None  # the formula of the metric `score`
    value: float
    seed: int
    params: dict[str, Choice]
    training_config: dict[str, JsonValue]
    provenance: dict[str, JsonValue]


def best_config(
    spec: StudySpec, best: TrialRecord, provenance: Provenance, schedule: tuple[Segment, ...] = ()
) -> BestConfig | CustomBestConfig:
    """The configuration of the study's best trial, with the schedule of its weights where they have one."""
    if best.value is None or best.seed is None:
        raise ValueError(f"trial {best.number} has no value or no seed: it did not complete")
    if isinstance(spec.training_config, CustomConfig):
        return CustomBestConfig(
            study_name=spec.study_name,
            trial=best.number,
            objective=spec.objective,
            metric_name=spec.metric_name,
            objectives=tuple(goal.metric for goal in spec.objectives),
            score=spec.score,
            value=best.value,
            seed=best.seed,
            params=dict(best.params),
            training_config=_with_derived(trial_settings(spec, best.params), best.derived),
            provenance=provenance.as_json(),
        )
    return BestConfig(
        study_name=spec.study_name,
        trial=best.number,
        metric_name=spec.metric_name,
        score=spec.score,
        value=best.value,
        seed=best.seed,
        training_config=trial_config(spec, best.params),
        scoring_env=spec.training_config.env,
        schedule=schedule,
        provenance=provenance.as_json(),
    )


def _with_derived(config: dict[str, Any], derived: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of a training engine with the trial's derived values in their places."""
    places = config.get(DERIVED) if derived else None
    if not isinstance(places, dict):
        return config
    return with_json(CustomConfig(config), {places[name]: value for name, value in derived.items() if name in places})


def write_best_config(path: Path, config: BestConfig | CustomBestConfig) -> None:
    shown = config.model_dump(mode="json", exclude=_unsaid(config))
    document = yaml.safe_dump(shown, sort_keys=False, allow_unicode=True)
    write_text(path, _HEADER.format(study=config.study_name) + document)


def _unsaid(config: BestConfig | CustomBestConfig) -> set[str]:
    """A schedule and a score that there are not."""
    unsaid = set() if config.score else {"score"}
    return unsaid | {"schedule"} if isinstance(config, BestConfig) and not config.schedule else unsaid


def load_best_config(path: Path) -> BestConfig | CustomBestConfig:
    """What `write_best_config` wrote; a `SpecError` names every fault of any other file."""
    written = read_yaml(path).value
    own = isinstance(written, dict) and is_custom(written.get("objective"))
    return load_record(path, CustomBestConfig) if own else load_record(path, BestConfig)
