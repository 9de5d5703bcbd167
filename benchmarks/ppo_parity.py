"""Compares the scores of FxAI's PPO with those of Stable-Baselines3, ten seeds each.

Both train on one market with a planted pattern, under the same rules, network and hyperparameters: Stable-Baselines3
through the Gymnasium environment, FxAI through the batched environment beneath it. One scorer scores both, with greedy
actions on the validation split. The headline is whether FxAI's interquartile mean lies within the 95 % bootstrap
interval of Stable-Baselines3's and the interval of the difference covers zero.

    python benchmarks/ppo_parity.py [--seeds 10] [--updates 12] [--smoke]
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.stats import bootstrap, trim_mean
from stable_baselines3.common.vec_env import DummyVecEnv

from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.objectives.train_agent import train_agent
from fxai.rl.agents.scoring import Scorer
from fxai.rl.environment.gymnasium_env import GymnasiumEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from sb3_vectorised import CPU, SB3Policy, environment_steps, sb3_ppo
from smoke import parse

FIRST_SEED = 100  # of the runs; the market has its own


@dataclass(frozen=True, slots=True)
class Run:
    score: float  # mean_reward on the validation split
    seconds: float  # of the training, its final evaluation left out


def configuration(updates: int) -> TrainingConfig:
    return TrainingConfig(
        env=EnvConfig(observation_window=2, max_episode_steps=128),
        model=ModelConfig(d_model=64, n_layers=2),
        training=PpoConfig(
            total_updates=updates,
            eval_frequency=updates,
            n_envs=8,
            rollout_steps=128,
            batch_size=64,
            n_epochs=4,
            learning_rate=3e-4,
            gamma=0.9,
            entropy_coef=0.001,
        ),
    )


def fxai_run(config: TrainingConfig, market: Market, seed: int) -> Run:
    metrics = train_agent(config, config.env, seed, market=market).evaluations[-1].metrics[0]
    return Run(metrics["mean_reward"], environment_steps(config) / metrics["steps_per_second"])


def sb3_run(config: TrainingConfig, market: Market, seed: int) -> Run:
    tensors, ppo = on_device(market, CPU), config.training
    envs = DummyVecEnv([lambda: GymnasiumEnv(tensors, market.splits.train, config.env)] * ppo.n_envs)
    model = sb3_ppo(config, envs, seed)
    began = time.perf_counter()
    model.learn(environment_steps(config))
    seconds = time.perf_counter() - began
    scorer = Scorer(tensors, ScoredSpan(market.splits.validation, market.bars_per_year, config.env, [config.env]))
    (score,) = scorer(SB3Policy(model), torch.zeros(1, 1))  # type: ignore[arg-type]
    return Run(score.metrics["mean_reward"], seconds)


def iqm(scores: NDArray[np.float64], axis: int = -1) -> NDArray[np.float64]:
    """Interquartile mean (Agarwal et al. 2021, arXiv 2108.13264, section 4.3)."""
    return np.asarray(trim_mean(scores, 0.25, axis=axis))


def interval(statistic: Callable[..., NDArray[np.float64]], *samples: list[float]) -> tuple[float, float]:
    """95 % percentile bootstrap over seeds."""
    found = bootstrap(samples, statistic, method="percentile", n_resamples=5000, rng=np.random.default_rng(0))
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def main() -> None:
    parser = argparse.ArgumentParser(description="FxAI's PPO beside Stable-Baselines3's")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--updates", type=int, default=12)
    arguments = parse(parser, {"seeds": 4, "updates": 1})
    torch.set_num_threads(1)
    config = configuration(arguments.updates)
    market = prepare_bars(synthetic_market(seed=1), config.data)

    runs: dict[str, list[Run]] = {"fxai": [], "sb3": []}
    print(f"{'seed':>6}{'fxai':>10}{'sb3':>10}   mean_reward after {environment_steps(config)} steps")
    for seed in range(FIRST_SEED, FIRST_SEED + arguments.seeds):
        runs["fxai"].append(fxai_run(config, market, seed))
        runs["sb3"].append(sb3_run(config, market, seed))
        print(f"{seed:>6}{runs['fxai'][-1].score:>10.5f}{runs['sb3'][-1].score:>10.5f}", flush=True)

    scores = {name: [run.score for run in found] for name, found in runs.items()}
    speed = {
        name: environment_steps(config) / float(np.median([r.seconds for r in found])) for name, found in runs.items()
    }
    low, high = interval(iqm, scores["sb3"])
    least, most = interval(lambda a, b, axis: iqm(a, axis) - iqm(b, axis), scores["fxai"], scores["sb3"])
    means = {name: float(iqm(np.array(found))) for name, found in scores.items()}
    print(f"IQM fxai {means['fxai']:.5f}, sb3 {means['sb3']:.5f} with 95 % interval [{low:.5f}, {high:.5f}]")
    print(f"difference {means['fxai'] - means['sb3']:.5f} with 95 % interval [{least:.5f}, {most:.5f}]")
    print(f"median steps per second: fxai {speed['fxai']:.0f}, sb3 {speed['sb3']:.0f}")
    headline = {
        "iqm_fxai": round(means["fxai"], 6),
        "iqm_sb3": round(means["sb3"], 6),
        "within_interval": low <= means["fxai"] <= high and least <= 0 <= most,
        "steps_per_second_ratio": round(speed["fxai"] / speed["sb3"], 2),
    }
    print(json.dumps(headline))


if __name__ == "__main__":
    main()
