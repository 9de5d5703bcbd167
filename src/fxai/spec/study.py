"""One study of a spec: what is searched, how, on what budget."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from fxai.spec.constraints import Constraint
from fxai.spec.defaults import DASHBOARD_PORT, MOST, RESULTS_DIR, STORAGE
from fxai.spec.environment import check_path, check_url, expanded_url
from fxai.spec.goals import Goal, check_goals, check_metric, with_first_goal
from fxai.spec.metrics import DEFAULT_METRIC, METRICS, OWN_METRIC
from fxai.spec.objective import FX_TRADING, Objective, is_own
from fxai.spec.own_config import OwnConfig
from fxai.spec.parameters import Parameter, WrittenChoice
from fxai.spec.population import PopulationSearch
from fxai.spec.preset import Preset
from fxai.spec.pruners import MedianPruner, NopPruner, Pruner
from fxai.spec.record import Record
from fxai.spec.samplers import CmaEsSampler, RandomSampler, Sampler, TPESampler
from fxai.spec.score import SCORE, Score, check_score
from fxai.spec.stop import Stop
from fxai.spec.storage_url import check_storage_url
from fxai.spec.study_form import as_record
from fxai.spec.tracking import Tracking
from fxai.spec.training_config import TrainingConfig

_LONGEST_NAME = 200
OWN_PROGRESS_SECONDS = 3600.0  # code that FxAI does not know may train long before it reports


def _folder_name(name: str) -> str:
    """A study's name is a folder of results, so nothing in it may lead elsewhere."""
    if not name.strip():
        raise ValueError("must not be empty")
    if len(name) > _LONGEST_NAME or len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"must not be longer than {_LONGEST_NAME} characters; it names a folder")
    if bad := sorted({char for char in name if char in '/\\:*?"<>|' or not char.isprintable()}):
        raise ValueError(f"{name!r} names a folder, so it must not hold {' '.join(map(repr, bad))}")
    if name != name.strip() or name[0] in ".-" or name[-1] == ".":
        raise ValueError(f"{name!r} must not begin with '.', '-' or a space, nor end with '.' or a space")
    return name


def _database(url: str) -> str:
    """An address that can be read; its message repeats none of it."""
    check_storage_url(expanded_url(check_url(url)))
    return url


StudyName = Annotated[str, AfterValidator(_folder_name)]


def _whose(config: Any) -> str:
    return "own" if isinstance(config, OwnConfig) else "trading"


Config: TypeAlias = Annotated[
    Annotated[TrainingConfig, Tag("trading")] | Annotated[OwnConfig, Tag("own")], Discriminator(_whose)
]


def _reported(info: ValidationInfo) -> Collection[str] | None:
    """The metrics that trials have; None where only the user's own code knows them."""
    if info.data.get("objective") != FX_TRADING:
        return None
    return (*METRICS, SCORE) if info.data.get("score") else METRICS


class Resources(Record):
    """What one worker takes of the machine."""

    cpu: int = Field(default=1, ge=1, le=10_000, description="cores")
    lanes_per_worker: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="trainings that a worker runs as one tensor program; measured unless given",
    )


class StudySpec(Record):
    """One study, with every default in place.

    That its parameters suit its `training_config` is `study_problems`'s to say (`coherence.py`);
    `load_spec` and `override` ask it.
    """

    study_name: StudyName = Field(description="its name in the database, and of its folder of results")
    description: str = Field(default="", description="for people; nothing depends on it")
    direction: Literal["maximize", "minimize"] = Field(default="maximize", description="which way metric_name is to go")
    objective: Objective = Field(
        default=FX_TRADING, description="what a trial does: fx_trading, package.module:function, or {command: [...]}"
    )
    score: Score | None = Field(
        default=None,
        description="a metric of your own, named score, as in sharpe - 0.5 * max_drawdown; "
        "names such as eval/mean_reward in quotes",
    )
    objectives: tuple[Goal, ...] = Field(
        default=(), description="two or more of metric and direction, in the place of metric_name and direction"
    )
    metric_name: str = Field(
        default=DEFAULT_METRIC, min_length=1, description="what is optimised; of several objectives the one that prunes"
    )
    preset: str = Field(default="", description="settings by name, where the study has none of its own")
    sampler: Sampler = Field(default_factory=TPESampler)
    pruner: Pruner = Field(default_factory=MedianPruner)
    search: PopulationSearch | None = Field(default=None, description="trials as populations, in place of one by one")
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = Field(
        default=(), description="conditions that a trial's configuration must keep, or it is not trained"
    )
    fixed: dict[str, WrittenChoice] = Field(
        default_factory=dict,
        description="fields of training_config that all trials train with; what scores them keeps training_config's",
    )
    enqueue: tuple[dict[str, WrittenChoice], ...] = Field(default=(), description="parameters to try first")
    n_trials: int = Field(default=100, ge=1, le=MOST, description="total that the study shall reach")
    seed: int = Field(default=0, ge=0, lt=2**32, description="of all draws; each trial's own seed follows from it")
    seeds_per_trial: int = Field(
        default=1,
        ge=1,
        le=1_000,
        description="trainings of each trial, the objective's request.seeds; its value is their mean",
    )
    storage: Annotated[str, AfterValidator(_database)] = Field(
        default=STORAGE, min_length=1, description="an SQLAlchemy URL; ${NAME} in it is an environment variable"
    )
    timeout: float | None = Field(default=None, gt=0, description="seconds after which no new trial starts")
    stop: Stop = Field(default_factory=Stop, description="rules that end the study before its total")
    trial_timeout: float | None = Field(default=None, gt=0, description="seconds that one trial may take")
    progress_timeout: float | None = Field(default=600, gt=0, description="seconds that a trial may be silent")
    memory_limit_gb: float | None = Field(
        default=None,
        gt=0,
        description="of a worker with all that its trial starts; own code beyond it fails, a worker is replaced",
    )
    retries: int = Field(default=2, ge=0, le=1_000, description="further runs of a trial whose worker was lost")
    n_jobs: int | None = Field(default=None, ge=1, le=10_000, description="workers; the whole machine unless given")
    max_concurrent_trials: int | None = Field(default=None, ge=1, le=MOST, description="trials in flight")
    gpu_per_trial: float = Field(default=1.0, ge=0, le=1, description="share of a GPU that a worker takes; 0 is none")
    resources: Resources = Field(default_factory=Resources, description="what one worker takes of the machine")
    keep_best_n: int = Field(default=5, ge=1, le=MOST, description="trials whose agents are kept")
    tracking: Tracking = Field(
        default_factory=Tracking, description="W&B and MLflow, where the trials are recorded too"
    )
    training_config: Config = Field(default_factory=TrainingConfig)

    @model_validator(mode="before")
    @classmethod
    def _as_users_write_it(cls, written: Any) -> Any:
        """Parameters by type, as a list or a mapping, and classes by short names, where a program writes a study."""
        return as_record(written) if isinstance(written, dict) else written

    @model_validator(mode="before")
    @classmethod
    def _own_defaults(cls, written: Any) -> Any:
        """An objective of the user's own has a configuration and a metric of its own."""
        if not isinstance(written, dict):
            return written
        written = with_first_goal(written)
        if written.get("score") and not written.get("metric_name"):
            written["metric_name"] = SCORE
        if not is_own(written.get("objective")):
            return written
        config = written.get("training_config")
        own = OwnConfig(config or {}) if isinstance(config, dict | None) else config
        defaults = {"metric_name": OWN_METRIC, "progress_timeout": OWN_PROGRESS_SECONDS}
        return {**defaults, **written, "training_config": own}

    @model_validator(mode="before")
    @classmethod
    def _populations_begin_at_random(cls, written: Any) -> Any:
        """And nobody prunes them, unless it is written so."""
        if not isinstance(written, dict) or written.get("search") is None:
            return written
        return {"sampler": RandomSampler(), "pruner": NopPruner(), **written}

    @field_validator("score")
    @classmethod
    def _of_what_is_reported(cls, formula: str | None, info: ValidationInfo) -> str | None:
        return formula if formula is None or info.data.get("objective") != FX_TRADING else check_score(formula)

    @field_validator("objectives")
    @classmethod
    def _are_several(cls, goals: tuple[Goal, ...], info: ValidationInfo) -> tuple[Goal, ...]:
        return check_goals(goals, _reported(info))

    @field_validator("metric_name")
    @classmethod
    def _is_reported(cls, name: str, info: ValidationInfo) -> str:
        return check_metric(name, info.data.get("objectives"), _reported(info))

    @field_validator("sampler")
    @classmethod
    def _takes_as_many(cls, sampler: Sampler, info: ValidationInfo) -> Sampler:
        if info.data.get("objectives") and isinstance(sampler, CmaEsSampler):
            raise ValueError("CmaEsSampler takes one objective; TPESampler, GPSampler and NSGAIISampler take several")
        return sampler

    @field_validator("search")
    @classmethod
    def _compares_one_value(cls, search: PopulationSearch | None, info: ValidationInfo) -> PopulationSearch | None:
        if search is not None and info.data.get("objectives"):
            raise ValueError("the members of a population are compared by one value; there are several objectives")
        return search

    @property
    def goals(self) -> tuple[Goal, ...]:
        """What is optimised, in the order of the values that trials have in the database."""
        return self.objectives or (Goal(metric=self.metric_name, direction=self.direction),)

    @property
    def most_in_flight(self) -> int:
        """Trials that may run at once without the sampler proposing blindly (design, 'Lanes')."""
        if self.max_concurrent_trials is not None:
            return self.max_concurrent_trials
        if self.search is not None:
            return self.search.population
        startup = getattr(self.sampler, "n_startup_trials", None)
        return max(startup if isinstance(startup, int) else 1, self.n_trials // 4, 1)


class Spec(Record):
    """One spec file: some studies, run in order."""

    version: str = Field(default="1", coerce_numbers_to_str=True, description="of the form of this file")
    name: str = Field(min_length=1, description="of the file, for people")
    description: str = Field(default="", description="for people; nothing depends on it")
    dashboard_port: int = Field(
        default=DASHBOARD_PORT,
        ge=1,
        le=65535,
        description="for other programs; `fxai dashboard` has its --port",
    )
    results_dir: Annotated[str, AfterValidator(check_path)] = Field(
        default=RESULTS_DIR,
        min_length=1,
        description="folder that holds a folder for each study; ${NAME} in it is an environment variable",
    )
    save_study_plots: bool = Field(default=True, description="whether a run draws the plots at its end")
    presets: Mapping[str, Preset] = Field(default_factory=dict, description="settings of studies by name")
    studies: tuple[StudySpec, ...] = Field(min_length=1, description="what is run, one after the other")
