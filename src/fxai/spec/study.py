"""One study of a spec: what is searched, how, on what budget."""

from typing import Literal

from pydantic import Field

from fxai.spec.parameters import Choice, Parameter
from fxai.spec.pruners import MedianPruner, Pruner
from fxai.spec.record import Record
from fxai.spec.samplers import Sampler, TPESampler
from fxai.spec.training_config import TrainingConfig


class Resources(Record):
    """What one trial takes of the machine."""

    cpu: int = Field(default=1, ge=1, description="cores")


class StudySpec(Record):
    """One study, with every default in place."""

    study_name: str
    direction: Literal["maximize", "minimize"] = "maximize"
    metric_name: str = "mean_reward"
    objective: Literal["fx_trading"] = "fx_trading"
    sampler: Sampler = Field(default_factory=TPESampler)
    pruner: Pruner = Field(default_factory=MedianPruner)
    parameters: tuple[Parameter, ...]
    enqueue: tuple[dict[str, Choice], ...] = ()
    n_trials: int = Field(default=100, ge=1, description="total that the study shall reach")
    seed: int = Field(default=0, ge=0, lt=2**32)
    storage: str = "sqlite:///optuna_studies.db"
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
    training_config: TrainingConfig = Field(default_factory=TrainingConfig)


class Spec(Record):
    """One spec file: some studies, run in order."""

    version: str = "1"
    name: str
    description: str = ""
    dashboard_port: int = Field(default=8052, ge=1, le=65535)
    results_dir: str = "optuna_results"
    save_study_plots: bool = True
    studies: tuple[StudySpec, ...] = Field(min_length=1)
