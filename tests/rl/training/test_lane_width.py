"""The measurement of the fastest number of lanes, and its cache."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fxai.protocol import Slot
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_width import _fastest_width, measured_width
from fxai.rl.training.probed_device import ProbedCpu
from fxai.rl.training.training import Training
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import ProbeEnv, training_in
from rl.training.test_training import QUICK


def noting(widths: list[int], most: int = 32) -> Callable[[int], Training]:
    """Builds trainings of at most so many lanes, and notes their numbers of lanes."""
    config = TrainingConfig(model=ModelConfig(d_model=4, n_layers=1), training=QUICK)

    def make(lanes: int) -> Training:
        if lanes > most:
            raise MemoryError
        widths.append(lanes)
        seeds = tuple(range(lanes))
        return training_in(ProbeEnv(lambda sign, *_: sign, seeds), Pack((config,) * lanes, seeds))

    return make


def test_a_width_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    tried: list[int] = []
    found = measured_width(noting(tried), "one", Slot(index=0))
    assert tried[:3] == [1, 2, 4]
    assert found in tried
    count = len(tried)
    assert measured_width(noting(tried), "one", Slot(index=1)) == found
    assert len(tried) == count
    measured_width(noting(tried), "other", Slot(index=0))
    assert len(tried) > count


class SmallDevice(ProbedCpu):
    out_of_memory = (MemoryError,)


def test_a_width_that_memory_does_not_hold_ends_the_measurement() -> None:
    tried: list[int] = []
    assert _fastest_width(noting(tried, most=2), SmallDevice()) in {1, 2}
    assert tried == [1, 2]
