"""Training of a pack: updates, evaluations and states of its lanes, each with its own number of updates."""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_program import Arrays, LaneProgram
from fxai.rl.training.learning_rate import learning_rate
from fxai.spec.fields.algorithm_config import AlgorithmConfig

Metrics = Mapping[str, float]


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
    """Training of the lanes of a pack by a program. The numbers of a lane do not depend on the other lanes."""

    def __init__(self, pack: Pack, program: LaneProgram) -> None:
        """Begin the lanes.

        Args:
            pack: Configurations and seeds.
            program: Trains and scores the lanes of the pack.
        """
        self._configs = [config.training for config in pack.configs]
        self.program = program
        self.updates = [0] * len(pack.seeds)
        self._since = [(time.perf_counter(), 0)] * len(pack.seeds)

    @property
    def weights(self) -> Array:
        """[lane, size]: weights of each lane's policy; valid until the next update."""
        return self.program.weights()

    def update(self) -> None:
        """One roll-out and the gradient steps on it, in every lane."""
        rates = [learning_rate(config, done) for config, done in zip(self._configs, self.updates, strict=True)]
        self.program.update(np.array(self.updates, np.int64), np.array(rates, np.float64))
        self.updates = [done + 1 for done in self.updates]

    def lanes_to_evaluate(self) -> list[int]:
        """The lanes that are evaluated after their present number of updates."""
        lanes = zip(self._configs, self.updates, strict=True)
        return [i for i, (config, done) in enumerate(lanes) if is_evaluated(config, done)]

    def evaluate(self, lanes: Sequence[int]) -> list[LaneEvaluation]:
        """Evaluate the given lanes.

        The scores of a lane with weights that are not finite are NaN.
        """
        scores = self.program.score(lanes)
        weights = self.weights
        statistics = self.program.last_statistics().tolist()
        return [
            LaneEvaluation(
                {
                    **(score.metrics if np.isfinite(weights[lane]).all() else dict.fromkeys(score.metrics, math.nan)),
                    **dict(zip(self.program.statistics, statistics[lane], strict=True)),
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

    def state(self) -> dict[str, Array]:
        """Copies of everything that the training needs to continue exactly, each [lane, ...]."""
        return {name: array.copy() for name, array in self.arrays().items()}

    def arrays(self) -> dict[str, Array]:
        """The arrays that `state` copies; valid until the next update."""
        return {"clock": np.array(self.updates, np.int64), **self.program.state()}

    def restore(self, state: Arrays) -> None:
        """Set the state. The training may keep the arrays."""
        self.updates = state["clock"].tolist()
        self._since = [(time.perf_counter(), done) for done in self.updates]
        self.program.restore({name: array for name, array in state.items() if name != "clock"})

    def _speed(self, lane: int) -> float:
        """Environment steps per second since the lane's last evaluation."""
        config, (then, before) = self._configs[lane], self._since[lane]
        self._since[lane] = now, done = time.perf_counter(), self.updates[lane]
        return (done - before) * config.rollout_size / (now - then)


def is_evaluated(config: AlgorithmConfig, done: int) -> bool:
    """Whether a training is evaluated after `done` updates."""
    return done > 0 and (done % config.eval_frequency == 0 or done >= config.total_updates)
