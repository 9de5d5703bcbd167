"""PPO and A2C of multilayer perceptrons on a CPU, without torch."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.market.scores.instrument_scores import LaneScore
from fxai.rl.compiled.experience import CompiledExperience, EpisodeDraws
from fxai.rl.compiled.gradient_steps import A2cGradientSteps, GradientSteps, PpoGradientSteps
from fxai.rl.compiled.hyperparameters import DropoutStreams
from fxai.rl.compiled.initial_weights import initial_weights
from fxai.rl.environment.compiled_market import CompiledMarket
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.random_starts import RandomStarts, Spans, spans_of_lanes
from fxai.rl.kernels import AdamArrays
from fxai.rl.lanes.pack import Pack
from fxai.rl.lanes.state import prefixed, without_prefix
from fxai.rl.networks.mlp_shape import MlpShape
from fxai.rl.scores.acting_nets import ActingNets
from fxai.rl.scores.compiled_scorer import CompiledScorer
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig


class CompiledProgram:
    """All lanes of a pack as arrays and compiled loops; implements `LaneProgram`.

    Results and states are those of `TensorProgram` with torch's operations, up to rounding.
    """

    def __init__(self, pack: Pack, table: MarketTable, train: Spans, scored: ScoredSpan) -> None:
        """Initialize weights, optimizer and environments.

        Args:
            pack: Configurations that `is_compiled` accepts, and seeds.
            table: The market.
            train: The bars of the training.
            scored: The bars of the scores.
        """
        first, seeds = pack.configs[0], np.array(pack.seeds, np.int64)
        own = [config.env for config in pack.configs]
        market = CompiledMarket(table, own, close_at_end=False)
        network = MlpShape(market.shape, first.model.hidden_widths, first.env.action_count)
        dropout = DropoutStreams.of(pack.configs, seeds)
        self._experience = CompiledExperience(
            _algorithms(pack), market, _episodes(pack, train, seeds), dropout, network.widths
        )
        self._steps = _gradient_steps(pack, seeds, dropout, network.widths)
        self._weights = initial_weights(network, pack.seeds)
        self._adam = AdamArrays.fresh(self._weights)
        self._statistics = np.full((len(seeds), len(self._steps.statistics)), math.nan, np.float32)
        self._scorer = CompiledScorer(table, scored, ActingNets.of_one(network, 2 * network.size))

    @property
    def statistics(self) -> tuple[str, ...]:
        return self._steps.statistics

    def update(self, clock: Array, rate: Array) -> None:
        samples = self._experience.gather(self._weights, clock)
        self._statistics = self._steps(self._weights, self._adam, samples, clock, rate.astype(np.float32))

    def last_statistics(self) -> Array:
        return self._statistics

    def weights(self) -> Array:
        return self._weights

    def score(self, lanes: Sequence[int]) -> Sequence[LaneScore]:
        return self._scorer(self._weights, lanes)

    def state(self) -> dict[str, Array]:
        moments = {"mean": self._adam.mean, "square": self._adam.square, "powers": self._adam.powers}
        environments = prefixed("env.", self._experience.state())
        return {"weights": self._weights, **prefixed("adam.", moments), **environments}

    def restore(self, state: Mapping[str, Array]) -> None:
        self._weights[:] = state["weights"]
        for name, moments in without_prefix("adam.", state).items():
            getattr(self._adam, name)[:] = moments
        self._experience.restore(without_prefix("env.", state))


def is_compiled(config: TrainingConfig, device: str) -> bool:
    """Whether compiled loops train this configuration on the device."""
    return device == "cpu" and config.model.type == "mlp" and isinstance(config.training, PpoConfig | A2cConfig)


def _algorithms(pack: Pack) -> list[PpoConfig | A2cConfig]:
    return [each for each in (config.training for config in pack.configs) if isinstance(each, PpoConfig | A2cConfig)]


def _episodes(pack: Pack, train: Spans, seeds: Array) -> EpisodeDraws:
    steps = [config.env.max_episode_steps for config in pack.configs]
    spans = spans_of_lanes(train, len(seeds))
    starts = RandomStarts.of(spans, pack.configs[0].env.observation_window, steps)
    return EpisodeDraws(starts, np.array(steps)[:, None], seeds, pack.configs[0].training.n_envs)


def _gradient_steps(pack: Pack, seeds: Array, dropout: DropoutStreams, widths: Array) -> GradientSteps:
    algorithms = _algorithms(pack)
    if isinstance(algorithms[0], A2cConfig):
        return A2cGradientSteps([each for each in algorithms if isinstance(each, A2cConfig)], dropout, widths)
    return PpoGradientSteps([each for each in algorithms if isinstance(each, PpoConfig)], seeds, dropout, widths)
