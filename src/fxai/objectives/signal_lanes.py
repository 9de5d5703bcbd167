"""Lanes of `llm_signal` in one worker: trials in packs by signature, stepped in turn, on one language model."""

from collections import deque
from collections.abc import Sequence

import torch

from fxai.errors import FxaiError
from fxai.llm.model_settings import ModelSettings
from fxai.market.news.prepared_decisions import PreparedDecisions, prepare_decisions
from fxai.objectives.signal_data import SignalData
from fxai.objectives.signal_model import SignalModel, model_settings
from fxai.objectives.signal_pack import SignalPack
from fxai.objectives.signal_signature import signature_of
from fxai.objectives.signal_trial import SignalConfigs, SignalTrial
from fxai.objectives.trial_results import failure
from fxai.protocol import Cause, Decision, LanePlan, Report, Slot, TrialRequest, TrialResult
from fxai.spec.fields.llm_signal_config import LlmSignalConfig

LANES = 4
"""Lanes of a worker by default: adapters that share a pass of a small network."""


class SignalLanes:
    """Trials trained side by side; see `Lanes`.

    The model of the study is loaded once, before the first trial, and all prompts of the study's configuration are
    checked. An FxaiError, or a lack of memory, fails the trial that it concerns.
    """

    def __init__(self, plan: LanePlan, slot: Slot) -> None:
        """Load the prices, the news and the model of the study.

        Raises:
            InputError: One of them cannot be used, or a prompt is longer than the model's context.
        """
        torch.set_num_threads(slot.threads)
        self._slot = slot
        self._base = LlmSignalConfig.model_validate(plan.base_config)
        self._prepared = _prepared(self._base)
        self._models: dict[ModelSettings, SignalModel] = {}
        self._trials: dict[int, SignalTrial] = {}
        self._packs: deque[SignalPack] = deque()
        self._joining: deque[TrialRequest] = deque()
        self._ended: list[TrialResult] = []
        self.width = max(plan.lanes or LANES, plan.seeds_per_trial)
        model = self._model_of(self._base)
        tree = model.tree(self._base.training.signal_strength)
        SignalData.of(self._prepared, self._base, self._base, model.model, tree)
        model.adapters(self._base.lora.target_modules)

    @property
    def busy(self) -> bool:
        repeating = any(trial.may_repeat for trial in self._trials.values())
        return bool(self._joining or self._ended) or repeating or any(pack.can_advance for pack in self._packs)

    def admit(self, request: TrialRequest) -> None:
        self._joining.append(request)

    def decide(self, number: int, decision: Decision) -> None:
        trial = self._trials.get(number)
        if trial is None:
            return
        trial.trial.answered(decision)
        if decision is Decision.CONTINUE and trial.repeats:
            return
        if decision is Decision.CONTINUE and not trial.trained:
            self._place(trial)
            return
        self._forget(number)
        self._ended.append(trial.ended(decision))

    def advance(self) -> Sequence[Report | TrialResult]:
        while self._joining:
            self._begin(self._joining.popleft())
        messages: list[Report | TrialResult] = [*self._ended]
        self._ended.clear()
        messages += [trial.repeat() for trial in self._trials.values() if trial.may_repeat]
        pack = self._next_pack()
        if pack is None:
            return messages
        for message in pack.step():
            messages.append(message)
            if isinstance(message, TrialResult):
                self._forget(message.number)
        pack.trials = [trial for trial in pack.trials if not trial.trained]
        self._packs = deque(each for each in self._packs if each.trials)
        return messages

    def _next_pack(self) -> SignalPack | None:
        """The next pack in turn; None if every pack waits."""
        for _ in range(len(self._packs)):
            self._packs.rotate(-1)
            if self._packs[-1].can_advance:
                return self._packs[-1]
        return None

    def _begin(self, request: TrialRequest) -> None:
        try:
            own = LlmSignalConfig.model_validate(request.config)
            base = LlmSignalConfig.model_validate(request.base_config)
            if base != self._base:  # of another study
                self._base, self._prepared = base, _prepared(base)
            trial = SignalTrial(request, SignalConfigs(own, base), self._slot, self._model_of(own), self._prepared)
        except torch.OutOfMemoryError as error:
            self._ended.append(failure(request, error, Cause.OUT_OF_MEMORY))
            return
        except FxaiError as error:
            self._ended.append(failure(request, error))
            return
        self._trials[request.number] = trial
        if not trial.repeats:
            self._place(trial)

    def _model_of(self, config: LlmSignalConfig) -> SignalModel:
        """The model of a configuration. Models that no trial uses are freed before another one is loaded."""
        settings = model_settings(config)
        if settings not in self._models:
            used = {model_settings(trial.config) for trial in self._trials.values()}
            self._models = {each: model for each, model in self._models.items() if each in used}
            self._models[settings] = SignalModel(settings, config.training.signal_strength, self._slot.device)
        return self._models[settings]

    def _place(self, trial: SignalTrial) -> None:
        """Add the trial to a matching pack with free lanes, or to a new one, unless it is in a pack already."""
        if any(trial in pack.trials for pack in self._packs):
            return
        kind, most = signature_of(trial.config), self.width - len(trial.request.seeds)
        pack = next((each for each in self._packs if each.kind == kind and each.lanes <= most), None)
        if pack is None:
            pack = SignalPack(kind)
            self._packs.append(pack)
        pack.trials.append(trial)

    def _forget(self, number: int) -> None:
        trial = self._trials.pop(number)
        for pack in self._packs:
            if trial in pack.trials:
                pack.trials.remove(trial)
        self._packs = deque(pack for pack in self._packs if pack.trials)


def _prepared(config: LlmSignalConfig) -> PreparedDecisions:
    return prepare_decisions(config.data, config.news, config.decisions)
