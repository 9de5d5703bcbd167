"""The speed of a pack's PPO update relative to the machine's limit.

The limit is a bare `torch.baddbmm` of [16, 64, 64] by [16, 64, 64] on one thread. It is compared with the multiply-adds
per second of a pack's whole gradient steps: 16 lanes of 2x64 actor and critic, 20 inputs, batches of 64, with loss,
clipping, Adam and the shuffling of samples. Forward plus backward count as three times the forward pass; the other
operations of an update count as nothing. Both run in the environment of a worker process and take turns; medians are
compared. `--profile` prints the time of the steps by operation.

    python benchmarks/limit.py [--lanes 16] [--rounds 15] [--profile] [--smoke]
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.profiler import ProfilerActivity, profile, record_function

from fxai.pool.worker_process import worker_environment
from fxai.protocol import Slot
from fxai.rl.algorithms import adam, ppo_loss
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_network
from fxai.rl.algorithms.ppo import Ppo
from fxai.rl.algorithms.rollout import Collector
from fxai.rl.algorithms.samples import Samples
from fxai.rl.environment.batched_env import Step
from fxai.rl.networks import mlp
from fxai.rl.networks.dropout import Dropout
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from smoke import parse

INPUTS, WIDTH, ACTIONS = 20, 64, 3
BATCH, SAMPLES, EPOCHS = 64, 1024, 2
BARE_LANES, BARE_REPEATS = 16, 1000


@dataclass
class Nowhere:
    """An environment that is never stepped: the samples are made up."""

    lanes: int
    envs: int = 16
    observation_shape: tuple[int, ...] = (INPUTS,)
    actions: int = ACTIONS

    def reset(self) -> torch.Tensor:
        return torch.zeros(self.lanes, self.envs, INPUTS)

    def draw_ahead(self, steps: int) -> None:
        raise NotImplementedError

    def step(self, action: torch.Tensor) -> Step:
        raise NotImplementedError

    def state(self) -> dict[str, torch.Tensor]:
        return {}

    def restore(self, state: object) -> torch.Tensor:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Update:
    """The gradient steps of one update, ready to be repeated."""

    ppo: Ppo
    samples: Samples

    @classmethod
    def of(cls, lanes: int) -> "Update":
        network = build_network(ModelConfig(d_model=WIDTH, n_layers=2), (INPUTS,), ACTIONS)
        seeds = torch.arange(lanes)
        collector = Collector(Nowhere(lanes), seeds)
        configs = [PpoConfig(batch_size=BATCH, n_epochs=EPOCHS)] * lanes
        ppo = Ppo(configs, ActorCritic(network), collector, seeds, Dropout.of(seeds, [0.0], 0))
        return cls(ppo, made_up(lanes))

    @property
    def multiply_adds(self) -> int:
        lanes = len(self.ppo.weights)
        forward = 2 * (INPUTS * WIDTH + WIDTH * WIDTH + WIDTH * ACTIONS)  # actor and critic, per sample
        return 3 * forward * lanes * SAMPLES * EPOCHS

    def seconds(self) -> float:
        lanes = len(self.ppo.weights)
        clock, rate = torch.zeros(lanes, dtype=torch.int64), torch.full((lanes,), 3e-4)
        began = time.perf_counter()
        self.ppo.improve(self.samples, clock, rate)
        return time.perf_counter() - began


def made_up(lanes: int) -> Samples:
    generator = torch.Generator().manual_seed(0)
    shape = (lanes, SAMPLES)
    return Samples(
        observation=torch.randn(*shape, INPUTS, generator=generator),
        action=torch.randint(ACTIONS, shape, generator=generator),
        log_prob=torch.full(shape, 1 / ACTIONS).log(),
        value=torch.randn(shape, generator=generator),
        advantage=torch.randn(shape, generator=generator),
        target=torch.randn(shape, generator=generator),
        number=torch.arange(SAMPLES).expand(shape),
    )


def bare_multiply_adds_per_second() -> float:
    left, right = torch.randn(2, BARE_LANES, WIDTH, WIDTH)
    added = torch.zeros(BARE_LANES, WIDTH, WIDTH)
    began = time.perf_counter()
    for _ in range(BARE_REPEATS):
        torch.baddbmm(added, left, right)
    return BARE_REPEATS * BARE_LANES * WIDTH**3 / (time.perf_counter() - began)


def print_profile(update: Update) -> None:
    """Where the time of an update goes: torch's operations and, under their own names, the compiled loops."""
    for module, name in ((mlp, "mlp_forward"), (mlp, "mlp_backward"), (ppo_loss, "ppo_loss"), (adam, "adam_step")):
        setattr(module, name, recorded(name, getattr(module, name)))
    with profile(activities=[ProfilerActivity.CPU]) as found:
        update.seconds()
    print(found.key_averages().table(sort_by="self_cpu_time_total", row_limit=20, max_name_column_width=30))


def recorded(name: str, loop: Callable[..., None]) -> Callable[..., None]:
    def call(*arrays: object) -> None:
        with record_function(name):
            loop(*arrays)

    return call


def main() -> None:
    parser = argparse.ArgumentParser(description="A pack's PPO update beside a bare baddbmm")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--profile", action="store_true")
    arguments = parse(parser, {"lanes": 2, "rounds": 1})
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], dict(worker_environment(Slot(0))))  # noqa: S606
    torch.set_num_threads(1)
    update = Update.of(arguments.lanes)
    update.seconds(), bare_multiply_adds_per_second()
    rounds = [(bare_multiply_adds_per_second(), update.seconds()) for _ in range(arguments.rounds)]
    bare = statistics.median(speed for speed, _ in rounds)
    seconds = statistics.median(seconds for _, seconds in rounds)
    achieved = update.multiply_adds / seconds
    steps = EPOCHS * SAMPLES // BATCH
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, one thread")
    print(f"bare baddbmm        {bare / 1e9:8.1f} G multiply-adds/s")
    print(f"update, {arguments.lanes:3} lanes   {achieved / 1e9:8.1f} G multiply-adds/s")
    print(f"a gradient step of the pack takes {1000 * seconds / steps:.2f} ms")
    if arguments.profile:
        print_profile(update)
    print(json.dumps({"of_bare_baddbmm": round(achieved / bare, 3)}))


if __name__ == "__main__":
    main()
