"""One study of a spec: what is searched, how, on what budget."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from fxai.spec.constraints import Constraint
from fxai.spec.metrics import Metric
from fxai.spec.parameters import Parameter, WrittenChoice
from fxai.spec.preset import Preset
from fxai.spec.pruners import MedianPruner, Pruner
from fxai.spec.record import Record
from fxai.spec.samplers import Sampler, TPESampler
from fxai.spec.tracking import Tracking
from fxai.spec.training_config import TrainingConfig

_LONGEST_NAME = 200


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


StudyName = Annotated[str, AfterValidator(_folder_name)]


def _objective_name(name: str) -> str:
    """A shipped objective, or a function of the user's: code that the spec's reader agrees to run."""
    module, colon, function = name.partition(":")
    if name == "fx_trading" or (colon and function.isidentifier() and all(map(str.isidentifier, module.split(".")))):
        return name
    raise ValueError(f"{name!r} is neither 'fx_trading' nor a function of yours, named package.module:function")


ObjectiveName = Annotated[str, AfterValidator(_objective_name)]


class Resources(Record):
    """What one trial takes of the machine."""

    cpu: int = Field(default=1, ge=1, description="cores")
    lanes_per_worker: int | None = Field(
        default=None, ge=1, description="trainings that a worker runs as one tensor program; measured unless given"
    )


class StudySpec(Record):
    """One study, with every default in place.

    That its parameters suit its `training_config` is `study_problems`'s to say (`coherence.py`);
    `load_spec` and `override` ask it.
    """

    study_name: StudyName
    description: str = ""
    direction: Literal["maximize", "minimize"] = "maximize"
    metric_name: Metric = "mean_reward"
    objective: ObjectiveName = Field(default="fx_trading", description="what a trial does; or package.module:function")
    preset: str = Field(default="", description="settings by name, where the study has none of its own")
    sampler: Sampler = Field(default_factory=TPESampler)
    pruner: Pruner = Field(default_factory=MedianPruner)
    parameters: tuple[Parameter, ...] = Field(min_length=1)
    constraints: tuple[Constraint, ...] = Field(
        default=(), description="conditions that a trial's configuration must keep, or it is not trained"
    )
    fixed: dict[str, WrittenChoice] = Field(
        default_factory=dict,
        description="fields of training_config that all trials train with; what scores them keeps training_config's",
    )
    enqueue: tuple[dict[str, WrittenChoice], ...] = Field(default=(), description="parameters to try first")
    n_trials: int = Field(default=100, ge=1, description="total that the study shall reach")
    seed: int = Field(default=0, ge=0, lt=2**32)
    seeds_per_trial: int = Field(
        default=1, ge=1, description="trainings of each trial, the objective's request.seeds; its value is their mean"
    )
    storage: str = Field(default="sqlite:///optuna_studies.db", min_length=1, description="an SQLAlchemy URL")
    timeout: float | None = Field(default=None, gt=0, description="seconds after which no new trial starts")
    trial_timeout: float | None = Field(default=None, gt=0, description="seconds that one trial may take")
    progress_timeout: float | None = Field(default=600, gt=0, description="seconds that a trial may be silent")
    memory_limit_gb: float | None = Field(default=None, gt=0, description="a worker beyond it is replaced")
    retries: int = Field(default=2, ge=0, description="further runs of a trial whose worker was lost")
    n_jobs: int | None = Field(default=None, ge=1, description="workers; the whole machine unless given")
    max_concurrent_trials: int | None = Field(default=None, ge=1, description="trials in flight")
    gpu_per_trial: float = Field(default=1.0, gt=0, le=1, description="share of a GPU that a worker takes")
    resources: Resources = Field(default_factory=Resources)
    keep_best_n: int = Field(default=5, ge=1, description="trials whose agents are kept")
    tracking: Tracking = Field(
        default_factory=Tracking, description="W&B and MLflow, where the trials are recorded too"
    )
    training_config: TrainingConfig = Field(default_factory=TrainingConfig)

    @property
    def most_in_flight(self) -> int:
        """Trials that may run at once without the sampler proposing blindly (design, 'Lanes')."""
        if self.max_concurrent_trials is not None:
            return self.max_concurrent_trials
        startup = getattr(self.sampler, "n_startup_trials", None)
        return max(startup if isinstance(startup, int) else 1, self.n_trials // 4, 1)


class Spec(Record):
    """One spec file: some studies, run in order."""

    version: str = Field(default="1", coerce_numbers_to_str=True)
    name: str = Field(min_length=1)
    description: str = ""
    dashboard_port: int = Field(default=8052, ge=1, le=65535)
    results_dir: str = Field(default="optuna_results", min_length=1)
    save_study_plots: bool = True
    presets: Mapping[str, Preset] = Field(default_factory=dict, description="settings of studies by name")
    studies: tuple[StudySpec, ...] = Field(min_length=1)
