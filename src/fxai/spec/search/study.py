"""Records of a spec and of its studies, with all defaults."""

from collections.abc import Collection, Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationInfo, field_validator, model_validator

from fxai.spec.fields.defaults import DASHBOARD_PORT, MAX_COUNT, MAX_SEEDS, RESULTS_DIR, STORAGE
from fxai.spec.fields.engine import LOCAL, Amount, Engine, RayAddress, RayConfig, with_engine
from fxai.spec.fields.environment import check_url, expanded_url
from fxai.spec.fields.llm_signal_config import with_signal_defaults
from fxai.spec.fields.objective import FX_TRADING, LLM_SIGNAL, Objective, has_measured_metrics, is_custom
from fxai.spec.fields.record import Record
from fxai.spec.fields.results_url import check_results_dir
from fxai.spec.fields.storage_url import check_storage_url
from fxai.spec.fields.tracking import Tracking
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.class_names import CLASSES, with_class
from fxai.spec.search.confirmation import OptionalConfirmation
from fxai.spec.search.constraints import Constraint
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.metric_goals import Goal, check_goals, check_metric, with_first_goal
from fxai.spec.search.metrics import CUSTOM_METRIC, DEFAULT_METRIC, METRICS
from fxai.spec.search.parameters import Parameter, WrittenChoice
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.preset import Preset
from fxai.spec.search.pruners import MedianPruner, NopPruner, Pruner
from fxai.spec.search.samplers import CmaEsSampler, RandomSampler, Sampler, TPESampler
from fxai.spec.search.score import SCORE, Score, check_score
from fxai.spec.search.stop import Stop
from fxai.spec.search.translate_parameter import translate_parameter
from fxai.spec.search.verdict import OptionalVerdict

_LONGEST_NAME = 200
CUSTOM_PROGRESS_SECONDS = 3600.0  # custom code may train for a long time before its first report


def _folder_name(name: str) -> str:
    """Checks a study's name. The name is also the name of its results folder."""
    if not name.strip():
        raise ValueError("must not be empty")
    if len(name) > _LONGEST_NAME or len(name.encode()) > _LONGEST_NAME:
        raise ValueError(f"must not be longer than {_LONGEST_NAME} characters; it is the name of a folder")
    if bad := sorted({char for char in name if char in '/\\:*?"<>|' or not char.isprintable()}):
        raise ValueError(f"{name!r} is the name of a folder and must not contain {' '.join(map(repr, bad))}")
    if name != name.strip() or name[0] in ".-" or name[-1] == ".":
        raise ValueError(f"{name!r} must not begin with '.', '-' or a space, nor end with '.' or a space")
    return name


def _database(url: str) -> str:
    """Checks a database URL. Error messages do not quote the URL, which may contain a password."""
    check_storage_url(expanded_url(check_url(url)))
    return url


StudyName = Annotated[str, AfterValidator(_folder_name)]


def _whose(config: Any) -> str:
    return "own" if isinstance(config, CustomConfig) else "trading"


Config: TypeAlias = Annotated[
    Annotated[TrainingConfig, Tag("trading")] | Annotated[CustomConfig, Tag("own")], Discriminator(_whose)
]


def _reported(info: ValidationInfo) -> Collection[str] | None:
    """Returns the metrics that trials report; None for a custom objective that computes its own."""
    if not has_measured_metrics(info.data.get("objective")):
        return None
    return (*METRICS, SCORE) if info.data.get("score") else METRICS


def _is_empty(value: object) -> bool:
    """Whether a field has the value of studies of earlier releases, which their files leave out."""
    return not value or value == LOCAL


class Resources(Record):
    """The resources of one worker."""

    cpu: int = Field(default=1, ge=1, le=10_000, description="CPU cores")
    lanes_per_worker: int | None = Field(
        default=None,
        ge=1,
        le=10_000,
        description="trainings that a worker runs as one tensor program; by default FxAI measures the best number",
    )
    custom: dict[str, Amount] = Field(
        default_factory=dict,
        exclude_if=_is_empty,
        description="further resources of the nodes of a Ray cluster that each worker takes, such as {big_memory: 1}",
    )
    autoscaling: bool = Field(
        default=False,
        exclude_if=_is_empty,
        description="whether the Ray cluster starts nodes when workers wait for one; otherwise resources that no node "
        "has are an error",
    )


class StudySpec(Record):
    """One study, with all defaults.

    The validators here check single fields, and fields whose defaults depend on others. All other checks between
    fields are `study_problems` (`checks/cross_field_checks.py`), which `validate_spec` calls.
    """

    study_name: StudyName = Field(description="name of the study in the database and of its results folder")
    description: str = Field(default="", description="free text, without effect")
    direction: Literal["maximize", "minimize"] = Field(
        default="maximize", description="whether metric_name is maximized or minimized"
    )
    objective: Objective = Field(
        default=FX_TRADING,
        description="what a trial runs: fx_trading, llm_signal, package.module:function, or {command: [...]}",
    )
    score: Score | None = Field(
        default=None,
        description="formula of a metric named score, such as sharpe - 0.5 * max_drawdown; "
        "quote names such as eval/mean_reward",
    )
    objectives: tuple[Goal, ...] = Field(
        default=(),
        description="two or more objectives, each with metric and direction, instead of metric_name and direction",
    )
    metric_name: str = Field(
        default=DEFAULT_METRIC,
        min_length=1,
        description="metric that is optimized; with several objectives, the one that prunes",
    )
    preset: str = Field(
        default="", description="name of a preset; its settings apply where the study has none of its own"
    )
    sampler: Sampler = Field(default_factory=TPESampler)
    pruner: Pruner = Field(default_factory=MedianPruner)
    search: PopulationSearch | None = Field(
        default=None, description="population based training, instead of sampler and pruner"
    )
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = Field(
        default=(), description="conditions on a trial's configuration; a configuration that breaks one is not trained"
    )
    fixed: dict[str, WrittenChoice] = Field(
        default_factory=dict,
        description="values of training_config fields for the training of all trials; scoring uses training_config",
    )
    enqueue: tuple[dict[str, WrittenChoice], ...] = Field(
        default=(), description="parameters of the trials that run first"
    )
    n_trials: int = Field(default=100, ge=1, le=MAX_COUNT, description="total number of trials of the study")
    seed: int = Field(
        default=0, ge=0, lt=2**32, description="seed of all random draws; the seed of each trial is derived from it"
    )
    seeds_per_trial: int = Field(
        default=1,
        ge=1,
        le=MAX_SEEDS,
        description="trainings per trial, one for each of the objective's request.seeds; the value is their mean",
    )
    storage: Annotated[str, AfterValidator(_database)] = Field(
        default=STORAGE, min_length=1, description="SQLAlchemy URL of the database; ${NAME} is an environment variable"
    )
    timeout: float | None = Field(default=None, gt=0, description="seconds after which no new trial starts")
    stop: Stop = Field(default_factory=Stop, description="rules that end the study before n_trials")
    trial_timeout: float | None = Field(default=None, gt=0, description="longest time of one trial in seconds")
    progress_timeout: float | None = Field(
        default=600, gt=0, description="longest time between two reports of a trial in seconds"
    )
    memory_limit_gb: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="memory limit in GB of a worker and the processes of its trial; beyond it a trial of custom code "
        "fails, and a worker of FxAI's agents is replaced",
    )
    retries: int = Field(
        default=2, ge=0, le=1_000, description="number of times that a trial is run again after its worker was lost"
    )
    n_jobs: int | None = Field(
        default=None, ge=1, le=10_000, description="number of workers; by default as many as the machine can run"
    )
    max_concurrent_trials: int | None = Field(
        default=None, ge=1, le=MAX_COUNT, description="greatest number of running trials"
    )
    gpu_per_trial: float = Field(
        default=1.0, ge=0, le=1, description="share of a GPU that each worker takes; 0 uses the CPU"
    )
    resources: Resources = Field(default_factory=Resources, description="resources of one worker")
    engine: Engine = Field(
        default=LOCAL,
        exclude_if=_is_empty,
        description="where the workers run: on this machine, or on the nodes of a Ray cluster. By default ray if "
        "ray_address or ray_config is given",
    )
    ray_address: RayAddress | None = Field(
        default=None,
        exclude_if=_is_empty,
        description="host and port of the Ray cluster's head, or auto for the cluster of which this machine is a node; "
        "by default RAY_ADDRESS, and without it FxAI starts Ray on this machine",
    )
    ray_config: RayConfig = Field(
        default_factory=RayConfig,
        exclude_if=lambda config: config == RayConfig(),
        description="arguments of `ray.init`",
    )
    ray_unprotected: bool = Field(
        default=False,
        exclude_if=_is_empty,
        description="use a Ray cluster on other machines in which everyone who reaches it may run code",
    )
    confirm: OptionalConfirmation = Field(
        default=None,
        description="race of the best trials on fresh seeds, which chooses the best one. By default on for "
        "a study of FxAI's agents with one objective",
    )
    verdict: OptionalVerdict = Field(
        default=None,
        description="test of the best trial on the test split, at the end of a run. By default on for a "
        "study of FxAI's agents with one objective and a test split",
    )
    agent: Literal["committee", "first_seed"] = Field(
        default="committee",
        description="agent that the study leaves: the committee of the best trial's seeds, or the agent of the first "
        "seed; the seeds are the verdict's, without a verdict the confirmation's, without both the trial's",
    )
    keep_best_n: int = Field(default=5, ge=1, le=MAX_COUNT, description="number of best trials whose agents are kept")
    tracking: Tracking = Field(default_factory=Tracking, description="recording of the trials at W&B and MLflow")
    training_config: Config = Field(default_factory=TrainingConfig)

    @model_validator(mode="before")
    @classmethod
    def _read_short_forms(cls, written: Any) -> Any:
        """Accepts the forms of a spec file: parameters by type, as a list or a mapping, and classes by short names."""
        return as_record(with_engine(written)) if isinstance(written, dict) else written

    @model_validator(mode="before")
    @classmethod
    def _custom_defaults(cls, written: Any) -> Any:
        """Sets the defaults of an objective other than fx_trading: configuration, metric and progress timeout."""
        if not isinstance(written, dict):
            return written
        written = with_first_goal(written)
        if written.get("score") and not written.get("metric_name"):
            written["metric_name"] = SCORE
        if not is_custom(written.get("objective")):
            return written
        config = written.get("training_config")
        if isinstance(config, dict | None):
            complete = with_signal_defaults(config or {}) if written["objective"] == LLM_SIGNAL else config or {}
            config = CustomConfig(complete)
        metric = DEFAULT_METRIC if has_measured_metrics(written["objective"]) else CUSTOM_METRIC
        defaults = {"metric_name": metric, "progress_timeout": CUSTOM_PROGRESS_SECONDS}
        return {**defaults, **written, "training_config": config}

    @model_validator(mode="before")
    @classmethod
    def _population_defaults(cls, written: Any) -> Any:
        """Sets the defaults of a population: random sampler, no pruner."""
        if not isinstance(written, dict) or written.get("search") is None:
            return written
        return {"sampler": RandomSampler(), "pruner": NopPruner(), **written}

    @field_validator("score")
    @classmethod
    def _check_score(cls, formula: str | None, info: ValidationInfo) -> str | None:
        return (
            formula if formula is None or not has_measured_metrics(info.data.get("objective")) else check_score(formula)
        )

    @field_validator("objectives")
    @classmethod
    def _check_objectives(cls, goals: tuple[Goal, ...], info: ValidationInfo) -> tuple[Goal, ...]:
        return check_goals(goals, _reported(info))

    @field_validator("metric_name")
    @classmethod
    def _check_metric_name(cls, name: str, info: ValidationInfo) -> str:
        return check_metric(name, info.data.get("objectives"), _reported(info))

    @field_validator("sampler")
    @classmethod
    def _check_sampler(cls, sampler: Sampler, info: ValidationInfo) -> Sampler:
        if info.data.get("objectives") and isinstance(sampler, CmaEsSampler):
            raise ValueError("CmaEsSampler supports one objective; use TPESampler, GPSampler or NSGAIISampler")
        return sampler

    @field_validator("search")
    @classmethod
    def _check_search(cls, search: PopulationSearch | None, info: ValidationInfo) -> PopulationSearch | None:
        if search is not None and info.data.get("objectives"):
            raise ValueError("a population compares its members by one value; write a single objective")
        return search

    @property
    def goals(self) -> tuple[Goal, ...]:
        """The objectives in the order of a trial's values in the database."""
        return self.objectives or (Goal(metric=self.metric_name, direction=self.direction),)

    @property
    def folds(self) -> int:
        """Number of trainings with different bars for each seed of a trial."""
        config = self.training_config
        return config.data.split.folds if isinstance(config, TrainingConfig) else 1

    @property
    def lanes_per_trial(self) -> int:
        """Number of trainings of a trial: one for each fold and seed."""
        return self.folds * self.seeds_per_trial

    @property
    def max_running_trials(self) -> int:
        """Largest number of running trials, so that the sampler has enough results (design, 'Workers and lanes')."""
        if self.max_concurrent_trials is not None:
            return self.max_concurrent_trials
        if self.search is not None:
            return self.search.population
        startup = getattr(self.sampler, "n_startup_trials", None)
        return max(startup if isinstance(startup, int) else 1, self.n_trials // 4, 1)


class Spec(Record):
    """One spec file: one or more studies, run in order."""

    version: str = Field(default="1", coerce_numbers_to_str=True, description="version of the file format")
    name: str = Field(min_length=1, description="name of the file's content, without effect")
    description: str = Field(default="", description="free text, without effect")
    dashboard_port: int = Field(
        default=DASHBOARD_PORT,
        ge=1,
        le=65535,
        description="read by other programs only; `fxai dashboard` has its own option --port",
    )
    results_dir: Annotated[str, AfterValidator(check_results_dir)] = Field(
        default=RESULTS_DIR,
        min_length=1,
        description="folder with one results folder per study, or a URL such as s3://bucket/path; ${NAME} is an "
        "environment variable",
    )
    save_study_plots: bool = Field(default=True, description="whether a run draws the plots when it ends")
    presets: Mapping[str, Preset] = Field(default_factory=dict, description="presets by name")
    studies: tuple[StudySpec, ...] = Field(min_length=1, description="studies, run in this order")


def as_record(study: dict[str, Any]) -> dict[str, Any]:
    """Translates a study of a Python program, `StudySpec(parameters={...}, sampler="tpe")`, to the form of its record.

    Parameters by type become parameters by `kind`, and short names of classes full names. Other parts are unchanged.

    Raises:
        ValueError: A parameter is invalid.
    """
    classes = {kind: with_class(kind, study[kind]) for kind in CLASSES if isinstance(study.get(kind), str | dict)}
    written = study.get("parameters")
    if isinstance(written, Mapping):
        written = [{**each, "name": name} if isinstance(each, Mapping) else each for name, each in written.items()]
    if not isinstance(written, list | tuple):
        return {**study, **classes}
    return {**study, **classes, "parameters": [_parameter(each) for each in written]}


def _parameter(written: Any) -> Any:
    if not isinstance(written, dict) or "kind" in written:
        return written
    translation = translate_parameter(written)
    if translation.faults:
        name = written.get("name", "a parameter")
        raise ValueError("; ".join(f"{name}: {key}: {message}" for key, message in translation.faults))
    return translation.node
