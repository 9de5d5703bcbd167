"""Agents learn the imbalance of a planted order book, and nothing from books with shuffled moves."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from book_market import HALF_SPREAD, PERSISTENCE, STRENGTH, VOLATILITY, best_plan, write_book
from fxai.market.markets.dataset import Market, prepare
from fxai.market.scores.position_returns import PositionReturns
from fxai.objectives.train_agent import train_agent
from fxai.rl.agents.trajectory import trajectory_of
from fxai.spec.fields.training_config import TrainingConfig

ROWS = 4000
TRAININGS: dict[str, dict[str, Any]] = {
    "ppo": {"total_updates": 8, "n_epochs": 4, "rollout_steps": 32},
    "a2c": {"total_updates": 200},
    "twin_d3qn": {"total_updates": 60, "gradient_steps": 32, "target_tau": 0.02, "learning_starts": 256},
}


def config(source: Path, **training: Any) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "data": {
                "source": str(source),
                "format": "order_book",
                "features": {"bar_range": False, "time": False, "order_book": {"depths": [1, 3, 5]}},
            },
            "env": {"observation_window": 1, "slippage_rate": 1e-5, "commission_rate": 2e-5},
            "model": {"d_model": 16, "n_layers": 1},
            "training": {"n_envs": 32, "gamma": 0.9, "learning_rate": 3e-3, "eval_frequency": 1000, **training},
        }
    )


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray]:
    path = tmp_path_factory.mktemp("books") / "planted.csv"
    return path, write_book(path, seed=3, rows=ROWS)


@pytest.fixture(scope="module")
def market(planted: tuple[Path, np.ndarray]) -> Market:
    return prepare(config(planted[0]).data)


def imbalance(book: pd.DataFrame, depth: int) -> np.ndarray:
    bids, asks = (sum(book[f"{side}_notional_{level}"] for level in range(depth)) for side in ("bids", "asks"))
    return np.asarray((bids - asks) / (bids + asks))


def test_the_imbalance_of_three_levels_predicts_the_next_move(planted: tuple[Path, np.ndarray], tmp_path: Path) -> None:
    path, signal = planted
    write_book(tmp_path / "shuffled.csv", seed=3, rows=ROWS, shuffled=True)
    book, shuffled = pd.read_csv(path), pd.read_csv(tmp_path / "shuffled.csv")
    np.testing.assert_allclose(imbalance(book, 3), np.tanh(signal), atol=1e-8)
    np.testing.assert_allclose(book["spread"] / book["midpoint"], 2 * HALF_SPREAD, rtol=1e-8)
    moves, other = (np.diff(np.log(each["midpoint"])) for each in (book, shuffled))
    assert np.corrcoef(signal[:-1], moves)[0, 1] == pytest.approx(STRENGTH, abs=0.05)
    assert abs(np.corrcoef(signal[:-1], other)[0, 1]) < 0.06
    np.testing.assert_allclose(np.sort(other), np.sort(moves - moves.mean()), atol=1e-9)
    assert [imbalance(shuffled, depth).tolist() for depth in (1, 5)] == [
        imbalance(book, depth).tolist() for depth in (1, 5)
    ]


def reward(market: Market, positions: np.ndarray) -> float:
    """Mean reward in percent of positions that are decided on each snapshot."""
    bar = np.arange(1, len(market))
    env = config(Path("x")).env
    return float(PositionReturns.of_market(market, bar, bar == 1, env).steps(positions[bar - 1]).rewards.mean())


def test_no_other_rule_gains_more_than_the_best_plan(planted: tuple[Path, np.ndarray], market: Market) -> None:
    signal, plan = planted[1], best_plan()
    best = reward(market, plan.positions(signal, np.arange(ROWS) == 0))
    error = 100 * VOLATILITY / ROWS**0.5
    assert abs(best - 100 * plan.gain) < 4 * error
    assert best > reward(market, np.sign(signal))
    assert 100 * plan.gain < 100 * VOLATILITY * STRENGTH * PERSISTENCE * np.sqrt(2 / np.pi)  # without costs


@pytest.mark.parametrize("algorithm", TRAININGS)
def test_it_is_learnt(algorithm: str, planted: tuple[Path, np.ndarray], market: Market) -> None:
    path, signal = planted
    whole = config(path, algorithm=algorithm, **TRAININGS[algorithm])
    agent = train_agent(whole, whole.env, seed=1, market=market).agent
    steps = trajectory_of(agent, market, market.splits.test)
    possible = PositionReturns.of_market(market, steps.bar, steps.begins, whole.env)
    best = possible.steps(best_plan().positions(signal[steps.bar - 1], steps.begins)).rewards.mean()
    assert steps.score.metrics["mean_reward"] > 0.5 * best > 0
