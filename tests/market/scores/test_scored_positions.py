"""Scores of positions, beside the simulator and a trained agent's record."""

from itertools import chain
from typing import Any

import numpy as np
import pytest

from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.quotes import QuoteTable
from fxai.market.rules.simulator import Simulator
from fxai.market.scores.metrics import performance
from fxai.market.scores.scored_positions import score_positions, scored_windows
from fxai.spec.search.positions_config import scored_market

COSTS: dict[str, Any] = {"spread": 0.0004, "slippage_rate": 0.0001, "commission_rate": 0.0001, "swap_long_rate": 0.0002}
TARGETS: list[Any] = [-1.0, -0.3, 0.0, 0.5, 1.0]
BARS = synthetic_market(seed=5, bars=900)


def simulated(market: Market, targets: np.ndarray, env: Any, start: int, stop: int) -> list[Any]:
    """The steps of one episode, by the simulator."""
    episode = Simulator(QuoteTable.of_market(market, env.sessions), env, start, stop, close_at_end=True)
    steps = []
    for bar in range(start, stop - 1):
        steps.append(episode.step(TARGETS.index(targets[bar])))
        if steps[-1].terminated:
            break
    return steps


@pytest.mark.parametrize(
    ("rules", "parts"),
    [({}, None), ({"max_episode_steps": 50}, None), ({"stop_loss": 0.002, "position_size": 3.0}, None), ({}, 3)],
)
def test_the_score_is_that_of_the_simulator(rules: dict[str, Any], parts: int | None) -> None:
    split: dict[str, Any] = {} if parts is None else {"validation_episodes": parts}
    config = scored_market(
        {"data": {"split": split}, "env": {**COSTS, "max_episode_steps": 800, "positions": TARGETS, **rules}}
    )
    market = prepare_bars(BARS, config.data)
    positions = np.repeat(np.random.default_rng(1).choice(TARGETS, len(market) // 6), 6)
    score = score_positions(market, positions, config)
    span = market.splits.validation
    begins = range(span.start, span.stop - 1, config.env.max_episode_steps)
    ends = [min(begin + config.env.max_episode_steps, span.stop - 1) for begin in begins]
    episodes = list(zip(begins, ends, strict=True))
    if parts is not None:
        count = (len(span) - 1) // parts
        episodes = [(span.start + part * count, span.start + (part + 1) * count) for part in range(parts)]
    steps = [simulated(market, positions, config.env, begin, end + 1) for begin, end in episodes]
    expected = [[step.step_return for step in episode] for episode in steps]
    np.testing.assert_allclose(score.returns, np.concatenate(expected), rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(score.rewards, [step.reward for episode in steps for step in episode], atol=1e-12)
    measured = [
        measure(part, market.bars_per_year) for part in (steps if parts else [list(chain.from_iterable(steps))])
    ]
    for name in measured[0]:
        assert score.metrics[name] == pytest.approx(np.mean([each[name] for each in measured]), rel=1e-9), name
    assert sum(map(len, scored_windows(market, config))) == len(score.returns)


def measure(steps: list[Any], bars_per_year: float) -> dict[str, float]:
    ends = [(step.closed, step.closed_gain) for step in steps] + [(step.settled, step.settled_gain) for step in steps]
    ends += [(step.exited, step.exit_gain) for step in steps]
    closed = sum(ended for ended, _ in ends)
    won = sum(ended and gain > 0 for ended, gain in ends)
    returns = np.array([step.step_return for step in steps])
    return performance(returns, closed, won, sum(step.turnover for step in steps), bars_per_year).as_metrics()


def test_bars_outside_the_validation_split_change_nothing() -> None:
    config = scored_market({"env": COSTS})
    market = prepare_bars(BARS, config.data)
    positions = np.sign(np.sin(np.arange(len(market)) / 9))
    changed, span = positions.copy(), market.splits.validation
    changed[: span.start] = 1.0
    changed[span.stop - 1 :] = -1.0
    first, second = (score_positions(market, each, config) for each in (positions, changed))
    assert first.returns.tolist() == second.returns.tolist()
    assert dict(first.metrics) == dict(second.metrics)
