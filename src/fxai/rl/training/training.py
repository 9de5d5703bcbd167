"""A pack under way: updates, evaluations and states of its lanes, each with a clock of its own."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

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
    """Scores policies greedily, the same for all trials of a study."""

    def __call__(self, policy: Policy, weights: Tensor, lanes: Sequence[int]) -> Sequence[Metrics]:
        """One mapping for each of the lanes; `weights` [lane, size] are those of all."""
        ...


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What is known of every lane after as many updates."""

    step: int  # updates done
    metrics: tuple[Metrics, ...]  # of each lane: the scorer's, the last update's statistics, steps_per_second


class Training:
    """The lanes of a pack at work in `env`. Every number of a lane is its own, whoever is beside it."""

    def __init__(
        self, pack: Pack, env: BatchedEnv, score: Score, device: torch.device, *, graphed_after: int | None = None
    ) -> None:
        """`graphed_after` updates, on a CUDA device, the further ones are replays of a captured one; None: never."""
        self._configs = [config.training for config in pack.configs]
        self._score, self._device = score, device
        self._learner: Learner = build_learner(pack, env, device)
        if graphed_after is not None:
            self._learner = CudaGraphLearner(self._learner, CudaCapture(device), after=graphed_after)
        self._statistics = torch.full((len(pack.seeds), len(self._learner.statistics)), math.nan)
        self.updates = [0] * len(pack.seeds)
        self._since = [(time.perf_counter(), 0)] * len(pack.seeds)

    @property
    def policy(self) -> Policy:
        return self._learner.policy

    @property
    def weights(self) -> Tensor:
        """[lane, size]: of each lane's policy."""
        return self._learner.weights

    def update(self) -> None:
        """One roll-out and what is learnt from it, in every lane."""
        rates = [learning_rate(config, done) for config, done in zip(self._configs, self.updates, strict=True)]
        # Without waiting: else the host could not prepare an update while the device is at the one before.
        clock = torch.tensor(self.updates).to(self._device, non_blocking=True)
        rate = torch.tensor(rates).to(self._device, non_blocking=True)
        self._statistics = self._learner.update(clock, rate)
        self.updates = [done + 1 for done in self.updates]

    def due(self) -> list[int]:
        """The lanes that are to be evaluated where they stand."""
        standing = zip(self._configs, self.updates, strict=True)
        return [i for i, (config, done) in enumerate(standing) if is_evaluated(config, done)]

    def evaluate(self, lanes: Sequence[int]) -> list[Metrics]:
        """Scores and the last update's statistics of these lanes.

        A lane whose weights are no numbers any more has no score: what its policy does means nothing.
        """
        scores = self._score(self.policy, self.weights, lanes)
        sound = self.weights.isfinite().all(dim=1).tolist()
        statistics = self._statistics.tolist()
        return [
            {
                **(score if sound[lane] else dict.fromkeys(score, math.nan)),
                **dict(zip(self._learner.statistics, statistics[lane], strict=True)),
                "steps_per_second": self._speed(lane),
            }
            for lane, score in zip(lanes, scores, strict=True)
        ]

    def evaluations(self) -> Iterator[Evaluation]:
        """Train lanes of one budget to its end, from wherever they stand."""
        while self.updates[0] < self._configs[0].total_updates:
            self.update()
            if lanes := self.due():
                yield Evaluation(self.updates[0], tuple(self.evaluate(lanes)))

    def state(self) -> dict[str, Tensor]:
        """Copies of all that a training needs to go on as if it had never stopped, each [lane, ...]."""
        return {name: tensor.clone() for name, tensor in self.tensors().items()}

    def tensors(self) -> dict[str, Tensor]:
        """What `state` copies, to be read before the next update."""
        return {"clock": torch.tensor(self.updates), **self._learner.state()}

    def restore(self, state: Mapping[str, Tensor]) -> None:
        """Go back to a state."""
        self.updates = state["clock"].tolist()
        self._since = [(time.perf_counter(), done) for done in self.updates]
        self._learner.restore({name: tensor for name, tensor in state.items() if name != "clock"})

    def _speed(self, lane: int) -> float:
        """Environment steps per second since the lane's last evaluation."""
        config, (then, before) = self._configs[lane], self._since[lane]
        self._since[lane] = now, done = time.perf_counter(), self.updates[lane]
        return (done - before) * config.n_envs * config.rollout_steps / (now - then)


def is_evaluated(config: AlgorithmConfig, done: int) -> bool:
    """Whether a training is scored when it has had so many updates."""
    return done > 0 and (done % config.eval_frequency == 0 or done >= config.total_updates)
