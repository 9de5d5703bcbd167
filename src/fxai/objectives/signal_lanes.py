"""Lanes of `llm_signal` in one worker: trials in packs by signature, stepped in turn, on one language model."""

from collections.abc import Sequence

import torch

from fxai.errors import FxaiError
from fxai.llm.model_settings import ModelSettings, model_settings
from fxai.market.news.prepared_decisions import PreparedDecisions, prepare_decisions
from fxai.objectives.pack_queue import PackQueue
from fxai.objectives.signal_data import SignalData
from fxai.objectives.signal_model import SignalModel
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
        self._queue: PackQueue[SignalTrial, SignalPack] = PackQueue(self._pack_for)
        self.width = max(plan.lanes or LANES, plan.seeds_per_trial)
        model = self._model_of(self._base)
        tree = model.tree(self._base.training.signal_strength)
        SignalData.of(self._prepared, self._base, self._base, model.model, tree)
        model.adapters(self._base.lora.target_modules)

    @property
    def busy(self) -> bool:
        return self._queue.busy

    def admit(self, request: TrialRequest) -> None:
        self._queue.admit(request)

    def decide(self, number: int, decision: Decision) -> None:
        self._queue.decide(number, decision)

    def advance(self) -> Sequence[Report | TrialResult]:
        messages = self._queue.begin(self._begun)
        pack = self._queue.next_pack()
        if pack is None:
            return messages
        stepped = pack.step()
        self._queue.stepped(pack, stepped)
        return [*messages, *stepped]

    def _begun(self, request: TrialRequest) -> SignalTrial | TrialResult:
        try:
            own = LlmSignalConfig.model_validate(request.config)
            base = LlmSignalConfig.model_validate(request.base_config)
            if base != self._base:  # of another study
                self._base, self._prepared = base, _prepared(base)
            return SignalTrial(request, SignalConfigs(own, base), self._slot, self._model_of(own), self._prepared)
        except torch.OutOfMemoryError as error:
            return failure(request, error, Cause.OUT_OF_MEMORY)
        except FxaiError as error:
            return failure(request, error)

    def _model_of(self, config: LlmSignalConfig) -> SignalModel:
        """The model of a configuration. Models that no trial uses are freed before another one is loaded."""
        settings = model_settings(config)
        if settings not in self._models:
            used = {model_settings(trial.config) for trial in self._queue.trials.values()}
            self._models = {each: model for each, model in self._models.items() if each in used}
            self._models[settings] = SignalModel(settings, config.training.signal_strength, self._slot.device)
        return self._models[settings]

    def _pack_for(self, trial: SignalTrial) -> SignalPack:
        """A matching pack with free lanes, or a new one."""
        kind, most = signature_of(trial.config), self.width - len(trial.request.seeds)
        found = (each for each in self._queue.packs if each.kind == kind and each.lanes <= most)
        return next(found, None) or SignalPack(kind)


def _prepared(config: LlmSignalConfig) -> PreparedDecisions:
    return prepare_decisions(config.data, config.news, config.decisions)
