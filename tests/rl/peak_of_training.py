"""`python peak_of_training.py TRAININGS...`: the memory that one update of each takes, in bytes.

An argument is JSON: a list of the number of lanes and the configuration.

Each training runs in a fork of this process, in which one small training has compiled and loaded what all of them use.
"""

import gc
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.rl.agents.build_training import build_training
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.training_config import TrainingConfig

SMALL = {"n_envs": 2, "rollout_steps": 8, "batch_size": 8}


def take(config: TrainingConfig, market: Market, lanes: int = 1) -> None:
    """One update, and a copy of the state as when lanes are moved."""
    pack = Pack((config,) * lanes, tuple(range(lanes)))
    training = build_training(pack, config.env, market)
    training.update()
    training.state()


def small(written: dict[str, Any]) -> TrainingConfig:
    """The same kind of training, with small numbers."""
    algorithm = written["training"]["algorithm"]
    numbers = {**SMALL, "buffer_size": 64, "learning_starts": 8} if algorithm == "dqn" else dict(SMALL)
    if algorithm == "a2c":
        del numbers["batch_size"]
    model = {"type": written["model"]["type"], "d_model": 8}
    return TrainingConfig.model_validate({**written, "model": model, "training": {"algorithm": algorithm, **numbers}})


def bytes_of(name: str) -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(f"{name}:"))
    return int(line.split()[1]) * 1024


def peak(lanes: int, written: dict[str, Any]) -> int:
    config = TrainingConfig.model_validate(written)
    market = prepare(config.data)
    take(small(written), market)
    gc.collect()
    before = bytes_of("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")
    take(config, market, lanes)
    return bytes_of("VmHWM") - before


def forked_peak(lanes: int, written: dict[str, Any]) -> int:
    read, write = os.pipe()
    child = os.fork()
    if not child:
        os.write(write, str(peak(lanes, written)).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        told = answer.read()
    os.waitpid(child, 0)
    return int(told)


if __name__ == "__main__":
    torch.set_num_threads(1)
    sys.stdout.write(json.dumps([forked_peak(*json.loads(each)) for each in sys.argv[1:]]))
