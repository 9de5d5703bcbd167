"""One trial of `llm_signal` during training: lanes, reports, checkpoint, result."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from pydantic import JsonValue
from torch import Tensor

from fxai.errors import FxaiError, InputError
from fxai.llm.adapter_files import Adapter, save_adapter
from fxai.llm.answers import answer_prior, most_probable
from fxai.llm.lora_layout import LoraLayout
from fxai.llm.lora_settings import LoraSettings
from fxai.llm.signal_agent import HERE, SignalAgent, SignalMember, member_folder
from fxai.llm.training import SignalTraining
from fxai.llm.training_settings import LaneProgress, SignalLane, TrainingSettings
from fxai.market.news.prepared_decisions import PreparedDecisions
from fxai.market.news.signal_scores import scored_dates
from fxai.market.rules.compiled import Array
from fxai.market.scores.bar_returns import BarReturns, needs_rewards
from fxai.objectives.signal_data import SignalData
from fxai.objectives.signal_model import SignalModel
from fxai.objectives.trial_results import failure, joined_metrics, unwritten
from fxai.objectives.worker_trial import WorkerTrial
from fxai.protocol import (
    Cause,
    Decision,
    Report,
    Slot,
    TrialError,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
    Usage,
    set_aside,
)
from fxai.protocol.standard_error import mean
from fxai.rl.agents.agent_versions import versions
from fxai.rl.agents.checkpoint import Checkpoint, load_checkpoint
from fxai.rl.agents.numerics import NUMERICS
from fxai.rl.training.lane_program import Arrays
from fxai.spec.fields.llm_signal_config import LlmSignalConfig
from fxai.spec.search.expression import ExpressionError
from fxai.spec.search.metrics import METRICS
from fxai.spec.search.score import with_score

SIGNAL_NUMERICS = 1
"""Version of what the training of adapters computes. A checkpoint of another version is not continued."""

_NO_METRICS: Mapping[str, float] = {}
_SEED = "seed_"  # begins the folder of an adapter, and the names of its state in a checkpoint


@dataclass(frozen=True, slots=True)
class SignalConfigs:
    """The validated configurations of a trial's request."""

    own: LlmSignalConfig  # for its training
    base: LlmSignalConfig  # of the study; its baskets, costs, dates and look-ahead score the trial


class SignalTrial:
    """A trial with one lane, and one adapter, for each seed.

    The value of an evaluation is the mean over the lanes, and the trial's value is that of the last evaluation.
    """

    def __init__(
        self,
        request: TrialRequest,
        configs: SignalConfigs,
        slot: Slot,
        model: SignalModel,
        prepared: PreparedDecisions,
    ) -> None:
        """Prepare the data of the lanes, and resume from a checkpoint if there is one.

        Raises:
            InputError: The metric, a prompt or the names of adapted layers are not valid.
        """
        if request.metric not in METRICS and not request.score:
            raise InputError(f"llm_signal has no metric {request.metric!r}; it reports {', '.join(METRICS)}")
        self.request, self.config, self.model = request, configs.own, model
        self._scoring_config, self._data_hash = configs.base, prepared.content_hash
        self.trial = WorkerTrial(request)
        self.steps = 0
        self.tree = model.tree(self.config.training.signal_strength)
        self.adapters = model.adapters(self.config.lora.target_modules)
        self._data = SignalData.of(prepared, configs.own, configs.base, model.model, self.tree)
        self._settings = training_settings(self.config)
        self._prior = answer_prior(model.model, self._data.training.tokens, self.tree)
        self._paths = TrialPaths(request.directory)
        self._identity = _identity(request, configs, prepared.content_hash, slot)
        self._states: tuple[Mapping[str, Tensor] | None, ...] = (None,) * len(request.seeds)
        self._reports: tuple[Report, ...] = ()  # of all runs of the trial
        self._bars: BarReturns | None = None  # of the last evaluation
        self._sent = 0  # how many of the reports were sent to the parent by this run
        self._decisions = 0  # that were trained on, of all lanes and all runs
        self._resume()
        self._decisions_before = self._decisions

    @property
    def trained(self) -> bool:
        """Whether all steps are done."""
        return self.steps >= self._settings.max_train_steps

    @property
    def is_due(self) -> bool:
        """Whether a report follows the last step."""
        return self.trained or self.steps % self.config.training.eval_frequency == 0

    @property
    def repeats(self) -> bool:
        """Whether reports of an earlier run are still to be sent again."""
        return self._sent < len(self._reports)

    @property
    def may_repeat(self) -> bool:
        return self.repeats and not self.trial.waits

    def lanes(self) -> Sequence[SignalLane]:
        """The trainings of the trial, from its last state on."""
        return [
            SignalLane(self._settings, seed, self._data.training, self._prior, state)
            for seed, state in zip(self.request.seeds, self._states, strict=True)
        ]

    def advanced(self, progress: Sequence[LaneProgress]) -> None:
        """Count a step of the lanes."""
        self.steps += 1
        self._decisions += sum(lane.decisions for lane in progress)

    def keep(self, training: SignalTraining, lanes: Sequence[int]) -> None:
        """Keep the state of the lanes, given by their places in a training."""
        self._states = tuple(training.state(lane) for lane in lanes)

    def repeat(self) -> Report:
        """The next report of an earlier run."""
        self._note_sent()
        return self._reports[self._sent - 1]

    def report(self, training: SignalTraining, lanes: Sequence[int]) -> Report | TrialResult:
        """Score the lanes, given by their places in a training, and write a checkpoint.

        Returns:
            The report, or a failure if the value is not finite or memory is short.
        """
        try:
            signals = most_probable(training.log_probabilities(self._data.scored_tokens, lanes), self.tree)
            scores = [self._data.score(of_lane.double().numpy()) for of_lane in signals]
            metrics = [with_score(score.metrics, self.request.score) for score in scores]
        except torch.OutOfMemoryError as error:
            return failure(self.request, error, Cause.OUT_OF_MEMORY)
        except (FxaiError, ExpressionError) as error:
            return failure(self.request, error)
        value = mean([lane[self.request.metric] for lane in metrics])
        if not math.isfinite(value):
            reason = f"the objective's value is {value} at step {self.steps}"
            return self._result(TrialState.FAIL, error=TrialError(Cause.NOT_FINITE, reason))
        self.keep(training, lanes)
        joined = joined_metrics(metrics, scores, self.request)
        report = Report(self.request.number, self.steps, value, joined, self._decisions)
        self._reports += (report,)
        rewards = needs_rewards({self.request.metric, *self.request.objectives}, self.request.score)
        self._bars = BarReturns.of(self.steps, self.request.seeds, scores, rewards=rewards)
        checkpoint = Checkpoint(self._identity, self._reports, self._stored_state(), self._bars)
        flaw = unwritten(lambda: checkpoint.save(self._paths.checkpoint))
        self._note_sent()
        return replace(report, flaw=flaw)

    def ended(self, decision: Decision) -> TrialResult:
        """The trial's result after this decision on its last report."""
        if decision is Decision.STOP:
            return self._result(TrialState.RETURNED)  # it continues from its last checkpoint
        last, flaw = self._reports[self._sent - 1], unwritten(self._write_bars)
        if decision is Decision.PRUNE:
            return replace(self._result(TrialState.PRUNED, metrics=last.metrics), flaw=flaw)
        flaw = unwritten(self._save_agent) or flaw
        return replace(self._result(TrialState.COMPLETE, last.value, last.metrics), flaw=flaw)

    def _result(
        self,
        state: TrialState,
        value: float | None = None,
        metrics: Mapping[str, float] = _NO_METRICS,
        error: TrialError | None = None,
    ) -> TrialResult:
        seconds = max(self.trial.seconds, 1e-9)
        usage = Usage(self._decisions, (self._decisions - self._decisions_before) / seconds)
        return TrialResult(self.request.number, state, seconds, value, metrics, error, usage)

    def _write_bars(self) -> None:
        if self._bars is not None:
            windows = (scored_dates(self._data.span),) * len(self.request.seeds)
            replace(self._bars, windows=windows).write(self._paths.returns)

    def _save_agent(self) -> None:
        """Write the adapters in peft's format, each of several seeds into a folder of its own, and the agent's file."""
        lora, folder = self._settings.lora, self._paths.checkpoint_dir
        layout = LoraLayout(self.adapters.layers, lora.lora_r)
        seeds = self.request.seeds
        members = [SignalMember(seed=seed, folder=member_folder(seed) if len(seeds) > 1 else HERE) for seed in seeds]
        for member, state in zip(members, self._states, strict=True):
            if state is None:
                return  # not a single step was trained
            save_adapter(folder / member.folder, Adapter(lora, layout, state["weights"], self.model.model.name))
        SignalAgent(
            config=self.config,
            scoring_config=self._scoring_config,
            prior=tuple(self._prior.tolist()),
            members=tuple(members),
            data_hash=self._data_hash,
            versions=versions(),
        ).write(folder)

    def _note_sent(self) -> None:
        self._sent += 1
        self.trial.reported()

    def _stored_state(self) -> dict[str, Array]:
        return {
            f"{_SEED}{place}.{name}": tensor.numpy()
            for place, state in enumerate(self._states)
            for name, tensor in (state or {}).items()
        }

    def _resume(self) -> None:
        """Continue from the trial's checkpoint of an earlier run. One of another identity is renamed."""
        checkpoint = load_checkpoint(self._paths.checkpoint, self._identity)
        if checkpoint is None:
            set_aside([self._paths.checkpoint])
            return
        self._reports, self._bars = checkpoint.reports, checkpoint.bars
        self.steps, self._decisions = checkpoint.reports[-1].step, checkpoint.reports[-1].env_steps
        self._states = tuple(_with_prefix(checkpoint.state, f"{_SEED}{n}.") for n in range(len(self.request.seeds)))


def _with_prefix(state: Arrays, prefix: str) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): torch.from_numpy(array) for name, array in state.items() if name.startswith(prefix)
    }


def training_settings(config: LlmSignalConfig) -> TrainingSettings:
    """The settings of a training with a configuration."""
    lora, training = config.lora, config.training
    return TrainingSettings(
        lora=LoraSettings(lora.r, lora.alpha, lora.dropout, tuple(lora.target_modules)),
        signal_strength=training.signal_strength,
        learning_rate=training.learning_rate,
        reward_scaling=training.reward_scaling,
        max_train_steps=training.max_train_steps,
        batch_size=training.batch_size,
        gradient=training.gradient,
    )


def _identity(request: TrialRequest, configs: SignalConfigs, data_hash: str, slot: Slot) -> dict[str, JsonValue]:
    """Fields in which two runs must agree to compute the same numbers, up to rounding; the attempt is not included."""
    return {
        "study": request.study,
        "number": request.number,
        "config": configs.own.model_dump(mode="json"),
        "base_config": configs.base.model_dump(mode="json"),
        "seeds": list(request.seeds),
        "metric": request.metric,
        "data_hash": data_hash,
        "device": torch.device(slot.device).type,
        "versions": {"numerics": NUMERICS, "signals": SIGNAL_NUMERICS, "torch": torch.__version__},
    }
