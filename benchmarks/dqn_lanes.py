"""Gradient steps of DQN per second: FxAI in lanes, and Stable-Baselines3's DQN, one process per core each.

Both sides train on the same market under the same rules, with 18 inputs, networks of one shape (tanh), and the same
roll-outs, batches, replay buffers and numbers of optimizer steps: 16 environments take 8 steps each, then 16 gradient
steps follow. The time holds the roll-outs and the gradient steps, not the start of a process, the first steps without
learning, or scores. Stable-Baselines3 steps the vectorised environment of `sb3_vectorised.py`, so that no Python loop
over environments is measured. It moves the target network once for each step of the environments, FxAI once for each
gradient step.

A process of FxAI trains a pack of lanes, a process of Stable-Baselines3 one agent after the other, which is as fast as
one. The sides take turns, in the opposite order in every other round, and all processes of a side start together.
Ratios are taken within a round, and their median is printed.

    python benchmarks/dqn_lanes.py [--rounds 5] [--updates 30] [--lanes 32] [--smoke]
"""

import argparse
import json
import multiprocessing
import os
import statistics
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier

import torch
from stable_baselines3 import DQN

from fxai.market.markets.dataset import Market, prepare
from fxai.pool.machine import available_cores
from fxai.rl.agents.build_training import build_training
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_tensors import on_device
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from sb3_vectorised import CPU, MarketVecEnv, check_environment
from smoke import parse

_START_SECONDS = 300.0
_WARM_UPDATES = 3  # with gradient steps, before the time is taken
_start_together: Barrier  # one for all processes, set when each starts


@dataclass(frozen=True, slots=True)
class Cell:
    """Networks and batches of a row."""

    name: str
    width: int
    depth: int
    batch: int
    share: int = 1  # of --updates and --lanes, one in so many, since a step takes longer


CELLS = (Cell("small", 64, 2, 64), Cell("large", 128, 3, 512, share=4))
BARS: Mapping[str, float] = {"small": 12.0, "large": 2.0}


@dataclass(frozen=True, slots=True)
class Measured:
    """Gradient steps of one process, and when they began and ended, by `time.monotonic`."""

    steps: int
    began: float
    ended: float


def configuration(cell: Cell) -> TrainingConfig:
    learning_starts = max(DqnConfig.model_fields["learning_starts"].default, 2 * cell.batch)
    return TrainingConfig(
        env=EnvConfig(observation_window=1),
        model=ModelConfig(d_model=cell.width, n_layers=cell.depth),
        training=DqnConfig(batch_size=cell.batch, learning_starts=learning_starts),
    )


def dqn_of(config: TrainingConfig) -> DqnConfig:
    assert isinstance(config.training, DqnConfig)
    return config.training


def first_updates(config: TrainingConfig) -> int:
    """Updates before the measured ones: those without gradient steps, and some with them."""
    dqn = dqn_of(config)
    return -(-dqn.learning_starts // dqn.rollout_size) + _WARM_UPDATES


def fxai_steps(cell: Cell, updates: int, lanes: int, seed: int) -> Measured:
    """Trains a pack of lanes."""
    config = configuration(cell)
    seeds = tuple(range(1000 * seed, 1000 * seed + lanes))
    training = build_training(Pack((config,) * lanes, seeds), config.env, prepare(config.data))
    for _ in range(first_updates(config)):
        training.update()
    _start_together.wait(_START_SECONDS)
    began = time.monotonic()
    for _ in range(updates):
        training.update()
    return Measured(updates * dqn_of(config).gradient_steps * lanes, began, time.monotonic())


def sb3_dqn(config: TrainingConfig, market: Market, seed: int) -> DQN:
    """Stable-Baselines3's DQN with the numbers and the network of a configuration."""
    dqn = dqn_of(config)
    seeds = torch.tensor([seed])
    env = MarketEnv(on_device(market, CPU), market.splits.train, [config.env], seeds, dqn.n_envs)
    return DQN(
        "MlpPolicy",
        MarketVecEnv(env),
        learning_rate=dqn.learning_rate,
        buffer_size=dqn.buffer_size,
        learning_starts=dqn.learning_starts,
        batch_size=dqn.batch_size,
        tau=dqn.target_tau,
        gamma=dqn.gamma,
        train_freq=dqn.rollout_steps,
        gradient_steps=dqn.gradient_steps,
        target_update_interval=1,
        max_grad_norm=dqn.max_grad_norm,
        policy_kwargs={"net_arch": [config.model.d_model] * config.model.n_layers, "activation_fn": torch.nn.Tanh},
        seed=seed,
        device="cpu",
    )


def sb3_steps(cell: Cell, updates: int, seed: int) -> Measured:
    """Trains one agent."""
    config = configuration(cell)
    dqn, model = dqn_of(config), sb3_dqn(config, prepare(config.data), seed)
    model.learn(first_updates(config) * dqn.rollout_size, log_interval=None)  # type: ignore[arg-type]  # no log
    before = model._n_updates  # noqa: SLF001 - the peer has no other count
    _start_together.wait(_START_SECONDS)
    began = time.monotonic()
    model.learn(updates * dqn.rollout_size, log_interval=None, reset_num_timesteps=False)  # type: ignore[arg-type]
    ended = time.monotonic()
    steps = model._n_updates - before  # noqa: SLF001
    assert steps == updates * dqn.gradient_steps
    return Measured(steps, began, ended)


def _prepare(barrier: Barrier) -> None:
    warnings.filterwarnings("ignore", message="The number of environments used is greater than the target network")
    global _start_together  # noqa: PLW0603 - a process of the pool keeps it from its start on
    _start_together = barrier
    torch.set_num_threads(1)


def per_second(measured: Sequence[Measured]) -> float:
    """Gradient steps per second of all processes."""
    seconds = max(each.ended for each in measured) - min(each.began for each in measured)
    return sum(each.steps for each in measured) / seconds


def rounds_of(
    pool: ProcessPoolExecutor, cores: int, cell: Cell, options: argparse.Namespace
) -> tuple[list[float], list[float]]:
    """Gradient steps per second of each round: of Stable-Baselines3 and of FxAI."""
    updates, lanes = max(1, options.updates // cell.share), max(1, options.lanes // cell.share)

    def sb3(seed: int) -> float:
        return per_second(
            list(pool.map(sb3_steps, *zip(*[(cell, updates, seed + i) for i in range(cores)], strict=True)))
        )

    def fxai(seed: int) -> float:
        given = [(cell, updates, lanes, seed + i) for i in range(cores)]
        return per_second(list(pool.map(fxai_steps, *zip(*given, strict=True))))

    sides: Sequence[Callable[[int], float]] = (sb3, fxai)
    rates: tuple[list[float], list[float]] = ([], [])
    for number in range(options.rounds):
        for side in sorted(range(2), reverse=bool(number % 2)):
            rates[side].append(sides[side](number * cores))
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=30, help="of a training that are measured; large: a quarter")
    parser.add_argument("--lanes", type=int, default=32, help="of each process of FxAI; large: a quarter")
    options = parse(parser, {"rounds": 1, "updates": 2, "lanes": 4})
    os.environ["OMP_NUM_THREADS"] = "1"  # of the processes, before they load their libraries
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # else each process compiles its sources anew, for seconds
    config = configuration(CELLS[0])
    print(f"checked: {check_environment(prepare(config.data), config.env)}")
    cores = available_cores()
    print(f"{cores} processes of each side; load {os.getloadavg()[0]:.1f}; gradient steps per second")
    print(f"{'network':>10}{'batch':>7}{'sb3':>10}{'fxai':>10}{'fxai/sb3':>10}{'least':>8}{'most':>8}{'bar':>6}")
    spawn, outcome = multiprocessing.get_context("spawn"), {}
    with ProcessPoolExecutor(cores, spawn, initializer=_prepare, initargs=(spawn.Barrier(cores),)) as pool:
        for cell in CELLS:
            sb3, fxai = rounds_of(pool, cores, cell, options)
            ratios = [ours / theirs for ours, theirs in zip(fxai, sb3, strict=True)]
            shape = f"{f'{cell.depth}x{cell.width}':>10}{cell.batch:>7}"
            rates = f"{statistics.median(sb3):>10.0f}{statistics.median(fxai):>10.0f}{statistics.median(ratios):>10.2f}"
            print(f"{shape}{rates}{min(ratios):>8.2f}{max(ratios):>8.2f}{BARS[cell.name]:>6.0f}", flush=True)
            outcome[f"dqn_{cell.name}_over_sb3"] = round(statistics.median(ratios), 2)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
