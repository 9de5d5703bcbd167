"""The trainer learns from a known signal, and earns nothing on returns without a signal."""

import numpy as np

from fxai.market.markets.dataset import Market, prepare, prepare_bars, with_oracle
from fxai.market.reading.read_bars import load_bars
from fxai.market.reading.synthetic_market import shuffled, synthetic_market
from fxai.objectives.train_agent import train_agent
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig


def final_scores(market: Market, updates: int, seed: int, **env: float) -> dict[str, float]:
    config = TrainingConfig(
        env=EnvConfig(observation_window=2, **env),
        model=ModelConfig(d_model=32, n_layers=1),
        training=PpoConfig(
            total_updates=updates,
            eval_frequency=updates,
            n_envs=32,
            rollout_steps=32,
            batch_size=128,
            n_epochs=4,
            learning_rate=3e-3,
            gamma=0.5,
            entropy_coef=0.001,
        ),
    )
    trained = train_agent(config, config.env, seed, market=market)
    return dict(trained.evaluations[-1].metrics[0])


def test_it_learns_to_trade_on_the_next_return():
    market = with_oracle(prepare(DataConfig()))
    scores = final_scores(market, updates=20, seed=0)
    validation = market.splits.validation
    moves = np.abs(np.diff(np.log(market.open[validation.start + 1 : validation.stop]))).sum()
    perfect = np.expm1(moves)  # without costs
    assert np.log1p(scores["total_return"]) > 0.6 * moves, perfect
    assert scores["sharpe"] > 20


def test_it_learns_the_pattern_of_a_synthetic_market():
    scores = final_scores(prepare_bars(synthetic_market(seed=1, bars=4000), DataConfig()), updates=20, seed=0)
    assert scores["total_return"] > 0.1


def test_on_shuffled_returns_it_earns_nothing_after_costs():
    bars = load_bars(DataConfig())
    scores = [
        final_scores(prepare_bars(shuffled(bars, seed), DataConfig()), updates=8, seed=seed)["mean_reward"]
        for seed in range(4)
    ]
    assert np.mean(scores) <= 0, scores
