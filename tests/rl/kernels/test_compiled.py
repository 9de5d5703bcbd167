"""How loops are compiled: late, and also where nothing can be kept."""

import subprocess
import sys

import numpy as np
import pytest

from fxai.rl.kernels.compiled import Array, compiled


def doubled(numbers: Array) -> None:
    """Twice as much, in place."""
    for i in range(len(numbers)):
        numbers[i] *= 2


def test_a_loop_is_compiled_where_nothing_can_be_kept(monkeypatch: pytest.MonkeyPatch):
    """As in a container that may write nowhere."""
    monkeypatch.setattr("numba.core.caching.CacheImpl._locator_classes", [])
    numbers = np.ones(3)
    compiled()(doubled)(numbers)
    assert numbers.tolist() == [2, 2, 2]


def test_a_loop_that_nobody_takes_needs_no_compiler():
    """A worker on a GPU does without."""
    look = "import sys, fxai.rl.algorithms.ppo, fxai.rl.networks.mlp; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0
