"""Trains and scores the lanes of a pack by torch, on a CPU or a GPU."""

import math
from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.lanes.cuda_graph import CudaCapture, CudaGraphLearner
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.policy import Policy
from fxai.rl.training.lane_program import Arrays


class Score(Protocol):
    """Scores policies with greedy actions, equally for all trials of a study."""

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int]) -> Sequence[LaneScore]:
        """The score of each of the given lanes; `weights` [lane, size] are those of all lanes."""
        ...


class TensorProgram:
    """A learner and a scorer of all lanes; see `LaneProgram`.

    On a CPU the arrays share the memory of the tensors. On a GPU they are copies on the host. A tensor is copied when
    it is asked for, and once between two updates.
    """

    def __init__(
        self, learner: Learner, score: Score, device: torch.device, *, cuda_graph_after: int | None = None
    ) -> None:
        """Wrap a learner and a scorer.

        Args:
            learner: Learner of all lanes.
            score: Scorer of evaluations.
            device: Device of the tensors.
            cuda_graph_after: On a CUDA device, number of updates after which updates are replays of a CUDA graph; None:
                never.
        """
        self._score, self._device = score, device
        self.learner = learner
        if cuda_graph_after is not None:
            self.learner = CudaGraphLearner(learner, CudaCapture(device), after=cuda_graph_after)
        self._statistics = torch.full((len(learner.weights), len(learner.statistics)), math.nan)
        self._copied: dict[str, Array] = {}  # arrays of the state since the last update, by name

    @property
    def statistics(self) -> tuple[str, ...]:
        return self.learner.statistics

    def update(self, clock: Array, rate: Array) -> None:
        self._copied = {}
        # Non-blocking copies let the host prepare an update while the GPU runs the previous one.
        done = torch.tensor(clock).to(self._device, non_blocking=True)
        rates = torch.tensor(rate, dtype=torch.float32).to(self._device, non_blocking=True)
        self._statistics = self.learner.update(done, rates)

    def last_statistics(self) -> Array:
        return array_of(self._statistics)

    def weights(self) -> Array:
        return self._array("weights", self.learner.weights)

    def score(self, lanes: Sequence[int]) -> Sequence[LaneScore]:
        return self._score(self.learner.policy, self.learner.weights, lanes)

    def state(self) -> dict[str, Array]:
        return {name: self._array(name, tensor) for name, tensor in self.learner.state().items()}

    def restore(self, state: Arrays) -> None:
        self._copied = {}
        self.learner.restore({name: torch.from_numpy(array).to(self._device) for name, array in state.items()})

    def _array(self, name: str, tensor: Tensor) -> Array:
        if name not in self._copied:
            self._copied[name] = array_of(tensor)
        return self._copied[name]


def array_of(tensor: Tensor) -> Array:
    """The tensor as an array on the host, which shares memory with a tensor on the CPU."""
    array: Array = tensor.detach().cpu().numpy()
    return array
