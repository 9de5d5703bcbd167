"""A trial's configuration is validated once in the parent, and once by the worker that reads the request."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fxai.pool import InlinePool
from fxai.protocol import LanePlan, Slot
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.pruners import NopPruner
from fxai.spec.search.study import StudySpec
from fxai.study.events import TrialBegan
from fxai.study.stop_signal import StopSignal
from fxai.study.tracked_events import tracked
from study_place import Place, of_kind

TINY = {"total_updates": 1, "eval_frequency": 1, "n_envs": 2, "rollout_steps": 8, "batch_size": 8, "n_epochs": 1}
STUDY = StudySpec(
    study_name="s",
    parameters=(FloatParameter(name="training.gamma", low=0.9, high=0.99),),
    pruner=NopPruner(),
    n_trials=4,
    training_config=TrainingConfig.model_validate({"training": TINY, "model": {"d_model": 4}}),
)


def test_a_configuration_is_validated_twice_a_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gammas: list[float] = []
    validate = TrainingConfig.model_validate

    def noted(value: Any) -> TrainingConfig:
        config = validate(value)
        gammas.append(config.training.gamma)
        return config

    base = STUDY.training_config.model_dump(mode="json")
    workers = InlinePool(plan=LanePlan("fx_trading", base, lanes=2), slots=(Slot(0),))
    monkeypatch.setattr(TrainingConfig, "model_validate", noted)
    stop = StopSignal()
    with Place(tmp_path).running(STUDY, workers, stop) as events:
        began = of_kind(list(tracked(events, STUDY, (), stop)), TrialBegan)
    counts, base_gamma = Counter(gammas), STUDY.training_config.training.gamma
    assert len(began) == STUDY.n_trials
    for trial in began:
        gamma = TrainingConfig.model_validate(trial.config).training.gamma
        assert counts[gamma] == 2 + (gamma == base_gamma)
    assert counts.total() == 2 * STUDY.n_trials + 1  # the study's own configuration, once a worker
