"""The arrays of a training by torch."""

import numpy as np
import pytest
import torch

from fxai.market.rules.compiled import Array
from fxai.rl.lanes.pack import Pack
from fxai.rl.training import tensor_program
from fxai.rl.training.training import Training
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, learner_of, training_in
from rl.training.test_training import QUICK

SEEDS = (3, 14)


def training() -> Training:
    config = TrainingConfig(model=ModelConfig(d_model=4, n_layers=1), training=QUICK)
    return training_in(ProbeEnv(lambda sign, *_: sign, SEEDS), Pack((config,) * len(SEEDS), SEEDS))


def test_arrays_share_the_memory_of_tensors_on_the_cpu() -> None:
    made = training()
    weights = learner_of(made).weights.numpy()
    assert np.shares_memory(made.weights, weights)
    assert np.shares_memory(made.arrays()["weights"], weights)
    assert not np.shares_memory(made.state()["weights"], weights)


def test_statistics_are_unknown_before_the_first_update() -> None:
    made = training()
    assert np.isnan(made.program.last_statistics()).all()
    made.update()
    assert made.program.last_statistics().shape == (len(SEEDS), len(made.program.statistics))
    assert np.isfinite(made.program.last_statistics()).all()


def test_a_tensor_is_copied_once_between_updates(monkeypatch: pytest.MonkeyPatch) -> None:
    copied: list[torch.Tensor] = []

    def copy(tensor: torch.Tensor) -> Array:
        copied.append(tensor)
        array: Array = tensor.detach().numpy().copy()
        return array

    monkeypatch.setattr(tensor_program, "array_of", copy)
    made = training()
    first = made.weights
    assert made.arrays()["weights"] is first
    assert len(copied) == len(made.program.state())
    made.update()
    assert not np.array_equal(made.weights, first)
    made.restore(made.state())
    assert made.weights is not first
