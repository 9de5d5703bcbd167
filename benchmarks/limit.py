"""The speed of a pack's whole PPO update relative to the core's limit.

An update is the roll-out in the market's environments, the advantages, and eight epochs of gradient steps. Lanes have
2x64 actor and critic, and batches of 64. Its multiply-adds per second are compared with those of a product of two large
matrices on one thread (the best of numpy's and torch's), and of a bare `torch.baddbmm` of [16, 64, 64] by
[16, 64, 64]. The multiply-adds are those of the networks: one forward pass of each sample for the roll-out, and for
each gradient step forward plus backward, which count as three times the forward pass. All other operations count as
nothing.

All run in the environment of a worker process and take turns. Times are those that the thread ran on a core, and the
least of all rounds is compared, so that other processes of the machine disturb less. A core that is shared by two
hardware threads is slower for all three.

With `--networks`, the updates of a GRU and of a transformer over eight bars follow, whose networks torch's operations
compute, in packs of four lanes. Their multiply-adds are those of the operations that torch's counter knows.

    python benchmarks/limit.py [--lanes 16] [--rounds 15] [--networks] [--smoke]
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
from threadpoolctl import threadpool_info
from torch.utils.flop_counter import FlopCounterMode

from fxai.market.markets.dataset import Market, prepare
from fxai.pool.started_worker import worker_environment
from fxai.protocol import Slot
from fxai.rl.agents.build_training import build_training
from fxai.rl.algorithms.actor_critic import ActorCritic
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import observation_shape
from fxai.rl.lanes.pack import Pack
from fxai.rl.networks.mlp import Mlp
from fxai.spec.fields.training_config import TrainingConfig
from smoke import parse

WIDTH, BATCH, ENVS, STEPS, EPOCHS = 64, 64, 16, 64, 8
BARE_LANES, BARE_REPEATS, LARGE = 16, 100, 1024
NETWORKS, NETWORK_LANES, NETWORK_BARS = ("gru", "transformer"), 4, 8
NETWORK_ROUNDS = 3  # an update takes seconds


CONFIG = TrainingConfig.model_validate(
    {
        "data": {"split": {"embargo_bars": 24}},
        "env": {"observation_window": 1},
        "model": {"d_model": WIDTH, "n_layers": 2},
        "training": {"n_envs": ENVS, "rollout_steps": STEPS, "batch_size": BATCH, "n_epochs": EPOCHS},
    }
)


def widths_of_networks(market: Market) -> list[int]:
    shape = observation_shape(market.features.shape[1], [CONFIG.env])
    policy = build_policy(CONFIG, shape, CONFIG.env.action_count)
    assert isinstance(policy, ActorCritic)
    assert isinstance(policy.network, Mlp)
    return [int(width) for width in policy.network.widths]


def multiply_adds(widths: list[int], lanes: int) -> int:
    """Those of the networks in one update."""
    forward = 2 * sum(before * after for before, after in pairwise(widths))  # actor and critic
    return forward * lanes * ENVS * STEPS * (1 + 3 * EPOCHS)


def seconds(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began


def network_speed(kind: str, market: Market, lanes: int, rounds: int) -> float:
    """Multiply-adds per second of an update of a network that torch's operations compute."""
    model = CONFIG.model.model_copy(update={"type": kind})
    env = CONFIG.env.model_copy(update={"observation_window": NETWORK_BARS})
    config = CONFIG.model_copy(update={"model": model, "env": env})
    training = build_training(Pack((config,) * lanes, tuple(range(lanes))), env, market)
    with FlopCounterMode(display=False) as counter:
        training.update()
    multiply_adds: float = counter.get_total_flops() / 2
    return multiply_adds / min(seconds(training.update) for _ in range(rounds))


def bare(left: torch.Tensor, right: torch.Tensor, added: torch.Tensor) -> None:
    for _ in range(BARE_REPEATS):
        torch.baddbmm(added, left, right)


def main() -> None:
    parser = argparse.ArgumentParser(description="A pack's PPO update beside the core's limit")
    parser.add_argument("--lanes", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--networks", action="store_true", help="also of a GRU and a transformer")
    arguments = parse(parser, {"lanes": 2, "rounds": 1, "networks": True})
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        os.execve(sys.executable, [sys.executable, *sys.argv], dict(worker_environment(Slot(0))))  # noqa: S606
    torch.set_num_threads(1)
    market = prepare(CONFIG.data)
    pack = Pack((CONFIG,) * arguments.lanes, tuple(range(arguments.lanes)))
    training = build_training(pack, CONFIG.env, market)
    first = seconds(training.update)
    widths, large = widths_of_networks(market), torch.randn(LARGE, LARGE)
    of_numpy = large.numpy()
    left, right = torch.randn(2, BARE_LANES, WIDTH, WIDTH)
    added = torch.zeros(BARE_LANES, WIDTH, WIDTH)
    works: dict[str, tuple[int, Callable[[], object]]] = {
        "numpy": (LARGE**3, lambda: np.dot(of_numpy, of_numpy)),
        "torch": (LARGE**3, lambda: torch.mm(large, large)),
        "baddbmm": (BARE_REPEATS * BARE_LANES * WIDTH**3, lambda: bare(left, right, added)),
        "update": (multiply_adds(widths, arguments.lanes), training.update),
    }
    least = dict.fromkeys(works, float("inf"))
    for _ in range(arguments.rounds):
        least = {name: min(least[name], seconds(work)) for name, (_, work) in works.items()}
    speeds = {name: number / least[name] for name, (number, _) in works.items()}
    kernels = sorted({str(library.get("architecture")) for library in threadpool_info()})
    print(f"torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}, one thread; kernels {kernels}")
    print(f"{arguments.lanes} lanes, widths {widths}, {ENVS * STEPS} samples, {EPOCHS} epochs")
    for name, speed in speeds.items():
        print(f"{name:8} {speed / 1e9:8.1f} G multiply-adds/s")
    steps = arguments.lanes * EPOCHS * ENVS * STEPS / BATCH
    print(f"an update takes {1e6 * least['update'] / steps:.1f} us for each gradient step of a lane")
    print(f"the first update, with what is compiled or loaded: {first:.1f} s")
    peak = max(speeds["numpy"], speeds["torch"])
    for kind in NETWORKS if arguments.networks else ():
        speed = network_speed(kind, market, min(arguments.lanes, NETWORK_LANES), min(arguments.rounds, NETWORK_ROUNDS))
        print(f"{kind:12} {speed / 1e9:4.1f} G multiply-adds/s, {speed / peak:.3f} of the peak")
    shares = {"of_peak": speeds["update"] / peak, "of_bare_baddbmm": speeds["update"] / speeds["baddbmm"]}
    print(json.dumps({name: round(share, 3) for name, share in shares.items()}))


if __name__ == "__main__":
    main()
