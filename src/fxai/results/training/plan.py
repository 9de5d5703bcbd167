"""The plan of `fxai train`: the configuration of a file with settings applied, and its seeds."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from fxai.errors import InputError, Problem, SpecError
from fxai.results.training.best_config import BestConfig, CustomBestConfig, load_best_config
from fxai.results.training.schedule import Segment
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.field_paths import as_choice
from fxai.spec.fields.objective import FX_TRADING, Objective, argument_style_of, command_of, folder_of, name_of
from fxai.spec.fields.sources import mapped
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.config_override import CONFIG, SOURCE, override_config
from fxai.spec.reading.data_paths import resolve_source
from fxai.spec.reading.load import load_record
from fxai.spec.search.custom_config import CustomConfig, values_in, with_values
from fxai.spec.search.embargo import config_with_embargo
from fxai.spec.search.parameters import Choice
from fxai.spec.search.signal_config import SAME_FOR_ALL
from fxai.spec.yaml.yaml_source import parse_yaml, read_yaml

PLAIN_METRIC = "mean_reward"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The plan of a training."""

    name: str  # of its study, or of its file
    trial: int
    objective: Objective
    metric: str
    score: str  # formula of the metric `score`; empty if there is none
    seeds: tuple[int, ...]
    params: Mapping[str, Choice]
    config: Mapping[str, JsonValue]
    scoring_env: EnvConfig | None  # None for custom code
    schedule: tuple[Segment, ...] = ()
    objectives: tuple[str, ...] = ()  # all metrics of a study with several objectives
    scoring_config: Mapping[str, JsonValue] | None = None  # of the study, for `llm_signal`

    @property
    def is_custom(self) -> bool:
        """Whether custom code trains."""
        return self.scoring_env is None

    @property
    def total_updates(self) -> int | None:
        """The number of updates; None for custom code."""
        return None if self.is_custom else TrainingConfig.model_validate(self.config).training.total_updates

    def identity(self) -> dict[str, JsonValue]:
        """The fields, as JSON, that must be equal to resume a training."""
        env = None if self.scoring_env is None else self.scoring_env.model_dump(mode="json")
        style = argument_style_of(self.objective)
        return {
            "objective": list(command_of(self.objective)) or name_of(self.objective),
            **({"argument_style": style} if style else {}),
            "folder": folder_of(self.objective),
            "metric": self.metric,
            "score": self.score,
            "seeds": list(self.seeds),
            "params": dict(self.params),
            "training_config": dict(self.config),
            "scoring_env": env,
            **({} if self.scoring_config is None else {"scoring_config": dict(self.scoring_config)}),
            "schedule": [segment.model_dump(mode="json") for segment in self.schedule],
        }


def load_plan(path: Path, settings: Mapping[str, str]) -> TrainingPlan:
    """Read the plan from a study's best config, or from a file with the sections of `training_config`.

    The plan has the seeds of the file. A setting of `env` applies to training and scoring.

    Raises:
        SpecError: The file or a setting is wrong; the message lists all mistakes.
    """
    written = read_yaml(path).value
    if isinstance(written, dict) and written and written.keys() <= TrainingConfig.model_fields.keys():
        config = override_config(_placed(load_record(path, TrainingConfig), path), settings)
        return _plan_of_sections(path, config_with_embargo(config))
    best = load_best_config(path)
    if isinstance(best, CustomBestConfig):
        return _custom_plan(best, settings)
    return _trading_plan(best.model_copy(update={"training_config": _placed(best.training_config, path)}), settings)


def _placed(config: TrainingConfig, path: Path) -> TrainingConfig:
    """The configuration of a file with the path of its data, which may be in the folder of the file."""
    source = mapped(config.data.source, lambda each: resolve_source(path.parent, each))
    return config.model_copy(update={"data": config.data.model_copy(update={"source": source})})


def _plan_of_sections(path: Path, config: TrainingConfig) -> TrainingPlan:
    return TrainingPlan(
        name=path.stem,
        trial=0,
        objective=FX_TRADING,
        metric=PLAIN_METRIC,
        score="",
        seeds=(0,),
        params={},
        config=config.model_dump(mode="json"),
        scoring_env=config.env,
    )


def _trading_plan(best: BestConfig, settings: Mapping[str, str]) -> TrainingPlan:
    scheduled = {path for segment in best.schedule for path in segment.params}
    if refused := sorted(key for key in settings if key.removeprefix(CONFIG) in scheduled):
        message = "follows the schedule of this best config; remove `schedule` from a copy of the file to set it"
        raise SpecError(SOURCE, tuple(Problem(message, key) for key in refused))
    of_env = {key: text for key, text in settings.items() if key.removeprefix(CONFIG).startswith("env.")}
    scoring = override_config(best.training_config.model_copy(update={"env": best.scoring_env}), of_env).env
    return _best_plan(
        best,
        params={},
        config=override_config(best.training_config, settings).model_dump(mode="json"),
        scoring_env=scoring,
        schedule=best.schedule,
    )


def _custom_plan(best: CustomBestConfig, settings: Mapping[str, str]) -> TrainingPlan:
    """The plan of custom code, or of `llm_signal`, whose settings of data and baskets apply to its scores too.

    Names in its config can be set; a new name needs its full path.
    """
    config, values = CustomConfig(best.training_config), _custom_values(best, settings)
    by_path = {key.removeprefix(CONFIG): value for key, value in values.items()}
    scoring = best.scoring_config
    try:
        new_config = with_values(config, by_path)
        if scoring is not None:
            of_scores = {path: value for path, value in by_path.items() if path.startswith(SAME_FOR_ALL)}
            scoring = with_values(CustomConfig(scoring), of_scores)
    except ValueError as error:
        raise InputError(f"{SOURCE}: {error}") from None
    return _best_plan(
        best,
        params={**best.params, **{name: value for name, value in values.items() if name in best.params}},
        config=new_config,
        scoring_env=None,
        scoring_config=scoring,
    )


def _best_plan(
    best: BestConfig | CustomBestConfig,
    *,
    params: Mapping[str, Choice],
    config: Mapping[str, JsonValue],
    scoring_env: EnvConfig | None,
    schedule: tuple[Segment, ...] = (),
    scoring_config: Mapping[str, JsonValue] | None = None,
) -> TrainingPlan:
    """The plan of the best trial with these settings."""
    return TrainingPlan(
        name=best.study_name,
        trial=best.trial,
        objective=best.objective,
        metric=best.metric_name,
        score=best.score or "",
        seeds=best.trained_seeds,
        params=params,
        config=config,
        scoring_env=scoring_env,
        schedule=schedule,
        scoring_config=scoring_config,
        objectives=best.objectives if isinstance(best, CustomBestConfig) else (),
    )


def _custom_values(best: CustomBestConfig, settings: Mapping[str, str]) -> dict[str, Choice]:
    known = {*best.params, *values_in(CustomConfig(best.training_config))}
    problems = [
        Problem(f"there is no such setting{did_you_mean(key, known) or '.'} Write a new one as {CONFIG}{key}", key)
        for key in settings
        if key not in known and not key.startswith(CONFIG)
    ]
    if problems:
        raise SpecError(SOURCE, tuple(problems))
    return {key: as_choice(parse_yaml(text, f"{SOURCE} {key}").value) for key, text in settings.items()}
