"""Trains the agents of a plan in a folder, or resumes their training, in the parent process."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from fxai.errors import FxaiError
from fxai.formatting import short_cause
from fxai.llm.signal_agent import TRAINED, write_signal_committee
from fxai.market.markets.instruments import data_hash_of
from fxai.pool import LocalPool
from fxai.protocol import LanePlan, Slot, TrialPaths, TrialRequest, TrialResult, TrialState, adopt_folder
from fxai.results.agent_seeds import agent_seeds
from fxai.results.committee_file import write_committee
from fxai.results.training.file import SeedResult, TrainingFile
from fxai.results.training.plan import TrainingPlan
from fxai.results.training.requests import folders_of, requests_of
from fxai.search.lock import hold
from fxai.spec.fields.objective import LLM_SIGNAL
from fxai.spec.fields.training_config import TrainingConfig
from fxai.study.interrupts import stop_on_signals
from fxai.study.memory_need import check_training
from fxai.study.stop_signal import StopSignal
from fxai.study.train_agents import TrainingEvent, train_agents

WatchTraining: TypeAlias = Callable[[Iterator[TrainingEvent], StopSignal], Sequence[TrialResult]]
"""Reads the events of a training to their end and returns the results among them. The signal can end the training."""


@dataclass(frozen=True, slots=True)
class PlanEnd:
    """How the training of a plan ended."""

    results: tuple[SeedResult, ...]  # in the order of the seeds; empty after an interruption
    was_complete: bool = False  # whether the folder held the results before

    @property
    def is_interrupted(self) -> bool:
        return not self.results


def train_plan(plan: TrainingPlan, output: Path, slots: Sequence[Slot], watch: WatchTraining) -> PlanEnd:
    """Train the agents of a plan, from their checkpoints if there are any.

    Args:
        plan: The plan.
        output: Folder for the agents and their files.
        slots: Workers.
        watch: Reads the events.

    Raises:
        InputError: The training does not fit into memory, or the folder has another training.
        FxaiError: The data cannot be read, another process trains in the folder, or an agent cannot be trained.
    """
    if not plan.is_custom:
        check_training(TrainingConfig.model_validate(plan.config), len(plan.seeds), slots[0])
    record = TrainingFile(output, plan, _data_hash(plan), slots[0].device.partition(":")[0])
    with hold(output / ".training.lock", f"the folder {output}"):
        resumes = record.path.exists()
        results = record.begin()
        if results:
            return PlanEnd(results, was_complete=True)
        if resumes:
            _adopt(requests_of(plan, output))
        results = _train_seeds(plan, output, slots, watch)
        if results:
            record.end(results)
        return PlanEnd(results)


def agent_of(plan: TrainingPlan, output: Path) -> Path:
    """The trained agent: of several seeds their committee, which is written unless it exists.

    Returns:
        A file; of `llm_signal` a folder of adapters.

    Raises:
        FxaiError: As `write_committee` and `write_signal_committee`.
    """
    folders, path = folders_of(plan, output), TrialPaths(output).agent
    if plan.objective == LLM_SIGNAL:
        path = output / TRAINED
        if agent_seeds(path) != plan.seeds:
            write_signal_committee([TrialPaths(folder).checkpoint_dir for folder in folders], path)
        return path
    if len(folders) > 1 and agent_seeds(path) != plan.seeds:
        write_committee([TrialPaths(folder).agent for folder in folders], path)
    return path


def _data_hash(plan: TrainingPlan) -> str | None:
    """Hash of the bars; None for custom code. Raises `DataError` before the training if they are wrong."""
    return None if plan.is_custom else data_hash_of(TrainingConfig.model_validate(plan.config).data)


def _train_seeds(
    plan: TrainingPlan, output: Path, slots: Sequence[Slot], watch: WatchTraining
) -> tuple[SeedResult, ...]:
    """Train the agents, from their checkpoints if there are any. Returns no results after an interruption."""
    trainings = requests_of(plan, output)
    with ExitStack() as opened:
        stop = opened.enter_context(stop_on_signals())
        workers = opened.enter_context(LocalPool(slots, output, _lanes(trainings)))
        ended = watch(train_agents(trainings, workers, stop), stop)
    if failed := [result for result in ended if result.state is not TrialState.COMPLETE]:
        error = failed[0].error
        raise FxaiError(f"the training failed: {short_cause(error.message) if error else failed[0].state}")
    if len(ended) < len(trainings):
        return ()
    for folder in folders_of(plan, output):
        TrialPaths(folder).checkpoint.unlink(missing_ok=True)
    return tuple(_result(result, plan) for result in sorted(ended, key=lambda each: each.number))


def _adopt(trainings: Sequence[Sequence[TrialRequest]]) -> None:
    """Write missing identities of trial folders. Earlier releases wrote none; `training.json` has the same fact."""
    for chain in trainings:
        adopt_folder(chain[0])


def _lanes(trainings: Sequence[Sequence[TrialRequest]]) -> LanePlan:
    first = trainings[0][0]
    return LanePlan(first.objective, first.base_config, lanes=len(trainings), folder=first.folder)


def _result(result: TrialResult, plan: TrainingPlan) -> SeedResult:
    if result.value is None:
        raise FxaiError("the training ended without a value")
    return SeedResult(plan.seeds[result.number - plan.trial], result.value, result.metrics)
