"""Collects the samples of an actor-critic in the market's environments by a compiled loop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.compiled.hyperparameters import DropoutStreams, lane_array
from fxai.rl.environment.compiled_market import CompiledMarket
from fxai.rl.environment.random_starts import RandomStarts
from fxai.rl.kernels import RolloutDraws, SampleArrays, actor_critic_samples
from fxai.rl.lanes.counter_draws import Purpose, bits, uniform
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.ppo_config import PpoConfig

_FIRST_EPISODE = 1  # number of the draw of the first episodes; `Collector` begins with it too


@dataclass(frozen=True, slots=True)
class EpisodeDraws:
    """The random episodes of all lanes."""

    starts: RandomStarts
    longest: Array  # longest episode of each lane, in steps, [lane, 1]
    seeds: Array  # [lane] int64
    envs: int

    def __call__(self, first: Array, count: int) -> tuple[Array, Array]:
        """First and last bars, each [step, lane, env], of the draws from number `first` [lane] on."""
        lanes = len(self.seeds)
        numbers = first + np.arange(count)[:, None]  # [step, lane]
        drawn = bits(np.tile(self.seeds, count), Purpose.EPISODE_START, numbers.ravel(), (self.envs,))
        starts, last_bars = self.starts(drawn.reshape(count, lanes, self.envs))
        return starts, np.minimum(starts + self.longest, last_bars)


class CompiledExperience:
    """Roll-outs of all lanes with advantages by each lane's discount and lambda; see `rl/algorithms/experience.py`.

    The samples are those of torch's operations up to rounding. Their memory is used again in the next roll-out.
    """

    def __init__(
        self,
        configs: Sequence[PpoConfig | A2cConfig],
        market: CompiledMarket,
        episodes: EpisodeDraws,
        dropout: DropoutStreams,
        widths: Array,
    ) -> None:
        """Begin the first episodes.

        Args:
            configs: One per lane.
            market: The environments.
            episodes: Their episodes.
            dropout: Of the actor.
            widths: Widths of the observation, the hidden layers and the outputs.
        """
        self._market, self._episodes, self._dropout, self._widths = market, episodes, dropout, widths
        self._gamma = lane_array(configs, lambda c: c.gamma)
        self._gae_lambda = lane_array(configs, lambda c: c.gae_lambda)
        self._normalizes = np.array([c.normalize_advantage for c in configs])
        shape = len(configs), configs[0].steps_per_rollout, episodes.envs
        self._samples = _memory(shape, market.shape)
        begun = np.full(len(configs), _FIRST_EPISODE)
        starts, ends = episodes(begun, 1)
        market.begin(starts[0], ends[0])
        self._starts_drawn = begun + 1

    def gather(self, weights: Array, clock: Array) -> SampleArrays:
        """Samples of one roll-out, each [lane, sample, ...], with flat observations. They are valid until the next one.

        Args:
            weights: [lane, 2 * size].
            clock: Number of earlier roll-outs, [lane] int64.
        """
        lanes, steps, envs = self._samples.action.shape
        starts, ends = self._episodes(self._starts_drawn, steps)
        self._starts_drawn = self._starts_drawn + steps
        chance = uniform(self._episodes.seeds, Purpose.ACTION, clock, (steps, envs))
        self._samples.number[:] = np.arange(steps * envs).reshape(steps, envs) + (clock * steps * envs)[:, None, None]
        actor_critic_samples(
            self._market.arrays,
            self._market.environments(),
            RolloutDraws(chance, starts, ends, self._dropout.rates, self._dropout.masks),
            weights,
            self._widths,
            self._gamma,
            self._gae_lambda,
            self._normalizes,
            self._samples,
        )
        observation, *others = self._samples
        flat = (each.reshape(lanes, steps * envs) for each in others)
        return SampleArrays(observation.reshape(lanes, steps * envs, -1), *flat)

    def state(self) -> dict[str, Array]:
        """State of the environments, each [lane, ...]."""
        return {"starts_drawn": self._starts_drawn, **self._market.state()}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._starts_drawn = state["starts_drawn"].copy()
        self._market.restore({name: array for name, array in state.items() if name != "starts_drawn"})


def _memory(shape: tuple[int, int, int], observation: tuple[int, int]) -> SampleArrays:
    """Memory for the samples of a roll-out [lane, step, env, ...]."""
    real, whole = np.float32, np.int64
    return SampleArrays(
        observation=np.empty((*shape, *observation), real),
        action=np.empty(shape, whole),
        log_prob=np.empty(shape, real),
        value=np.empty(shape, real),
        advantage=np.empty(shape, real),
        target=np.empty(shape, real),
        number=np.empty(shape, whole),
    )
