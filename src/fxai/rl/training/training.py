"""Training of a pack: updates, evaluations and states of its lanes, each with its own number of updates."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.algorithms.build import build_learner
from fxai.rl.algorithms.hyperparameters import learning_rate
from fxai.rl.environment.batched_env import BatchedEnv
from fxai.rl.lanes.cuda_graph import CudaCapture, CudaGraphLearner
from fxai.rl.lanes.learner import Learner
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.policy import Policy
from fxai.spec.fields.algorithm_config import AlgorithmConfig

Metrics = Mapping[str, float]


class Score(Protocol):
    """Scores policies with greedy actions, equally for all trials of a study."""

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int]) -> Sequence[LaneScore]:
        """The score of each of the given lanes; `weights` [lane, size] are those of all lanes."""
        ...


@dataclass(frozen=True, slots=True)
class LaneEvaluation:
    """An evaluation of one lane."""

    metrics: Metrics  # scores, statistics of the last update, steps_per_second
    score: LaneScore  # with the steps on each bar, also if the scores are NaN
    members: Mapping[str, Metrics] = field(default_factory=dict)  # of an ensemble, by the name of the member


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Metrics of every lane after `step` updates."""

    step: int  # number of updates
    metrics: tuple[Metrics, ...]  # per lane: scores, statistics of the last update, steps_per_second


class Training:
    """Training of the lanes of a pack in `env`. The numbers of a lane do not depend on the other lanes."""

    def __init__(
        self, pack: Pack, env: BatchedEnv, score: Score, device: torch.device, *, cuda_graph_after: int | None = None
    ) -> None:
        """Build the learner.

        Args:
            pack: Configurations and seeds.
            env: Environments of all lanes.
            score: Scorer of evaluations.
            device: Device of the tensors.
            cuda_graph_after: On a CUDA device, number of updates after which updates are replays of a CUDA graph; None:
                never.
        """
        self._configs = [config.training for config in pack.configs]
        self._score, self._device = score, device
        self._learner: Learner = build_learner(pack, env, device)
        if cuda_graph_after is not None:
            self._learner = CudaGraphLearner(self._learner, CudaCapture(device), after=cuda_graph_after)
        self._statistics = torch.full((len(pack.seeds), len(self._learner.statistics)), math.nan)
        self.updates = [0] * len(pack.seeds)
        self._since = [(time.perf_counter(), 0)] * len(pack.seeds)

    @property
    def policy(self) -> Policy:
        return self._learner.policy

    @property
    def weights(self) -> Tensor:
        """[lane, size]: weights of each lane's policy."""
        return self._learner.weights

    def update(self) -> None:
        """One roll-out and the gradient steps on it, in every lane."""
        rates = [learning_rate(config, done) for config, done in zip(self._configs, self.updates, strict=True)]
        # Non-blocking copies let the host prepare an update while the GPU runs the previous one.
        clock = torch.tensor(self.updates).to(self._device, non_blocking=True)
        rate = torch.tensor(rates).to(self._device, non_blocking=True)
        self._statistics = self._learner.update(clock, rate)
        self.updates = [done + 1 for done in self.updates]

    def lanes_to_evaluate(self) -> list[int]:
        """The lanes that are evaluated after their present number of updates."""
        lanes = zip(self._configs, self.updates, strict=True)
        return [i for i, (config, done) in enumerate(lanes) if is_evaluated(config, done)]

    def evaluate(self, lanes: Sequence[int]) -> list[LaneEvaluation]:
        """Evaluate the given lanes.

        The scores of a lane with weights that are not finite are NaN.
        """
        scores = self._score(self.policy, self.weights, lanes)
        is_finite = self.weights.isfinite().all(dim=1).tolist()
        statistics = self._statistics.tolist()
        return [
            LaneEvaluation(
                {
                    **(score.metrics if is_finite[lane] else dict.fromkeys(score.metrics, math.nan)),
                    **dict(zip(self._learner.statistics, statistics[lane], strict=True)),
                    "steps_per_second": self._speed(lane),
                },
                score,
            )
            for lane, score in zip(lanes, scores, strict=True)
        ]

    def evaluations(self) -> Iterator[Evaluation]:
        """Train lanes with equal numbers of updates until the end, and yield each evaluation."""
        while self.updates[0] < self._configs[0].total_updates:
            self.update()
            if lanes := self.lanes_to_evaluate():
                yield Evaluation(self.updates[0], tuple(lane.metrics for lane in self.evaluate(lanes)))

    def state(self) -> dict[str, Tensor]:
        """Copies of everything that the training needs to continue exactly, each [lane, ...]."""
        return {name: tensor.clone() for name, tensor in self.tensors().items()}

    def tensors(self) -> dict[str, Tensor]:
        """The tensors that `state` copies; valid until the next update."""
        return {"clock": torch.tensor(self.updates), **self._learner.state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Set the state."""
        self.updates = state["clock"].tolist()
        self._since = [(time.perf_counter(), done) for done in self.updates]
        self._learner.restore({name: tensor for name, tensor in state.items() if name != "clock"})

    def _speed(self, lane: int) -> float:
        """Environment steps per second since the lane's last evaluation."""
        config, (then, before) = self._configs[lane], self._since[lane]
        self._since[lane] = now, done = time.perf_counter(), self.updates[lane]
        return (done - before) * config.rollout_size / (now - then)


def is_evaluated(config: AlgorithmConfig, done: int) -> bool:
    """Whether a training is evaluated after `done` updates."""
    return done > 0 and (done % config.eval_frequency == 0 or done >= config.total_updates)
