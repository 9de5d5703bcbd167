"""Compares eager updates of a pack with captured CUDA graphs: updates per second, by width. Needs a CUDA device.

A training of the headline's shape (2x64 networks, batches of 64) runs the same updates both ways. The time of the
capture is shown separately, as the number of captured updates after which it has paid off: a pack whose lanes change
is captured anew. After the last update the weights of both must agree to the bit.

    python benchmarks/graphs.py [--lanes 64 --lanes 256 ...] [--updates N] [--smoke]
"""

import argparse
import json
import time
from dataclasses import dataclass

import numpy as np
import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.market.rules.compiled import Array
from fxai.rl.agents.build_training import build_training
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from smoke import parse

DEVICE = "cuda:0"
WARM = 2  # updates before the clock starts, and before the capture
CONFIG = TrainingConfig(
    model=ModelConfig(d_model=64, n_layers=2),
    training=PpoConfig(total_updates=10_000, eval_frequency=10_000, batch_size=64),
)


@dataclass(frozen=True, slots=True)
class Timed:
    first: float  # seconds of the update that captures, or of one like the others
    each: float  # seconds of an update after it
    weights: Array


def timed(lanes: int, updates: int, market: Market, table: MarketTable, after: int | None) -> Timed:
    pack = Pack((CONFIG,) * lanes, tuple(range(lanes)))
    training = build_training(pack, CONFIG.env, market, DEVICE, table, cuda_graph_after=after)
    seconds(training, WARM)
    return Timed(seconds(training, 1), seconds(training, updates) / updates, training.weights.copy())


def seconds(training: Training, updates: int) -> float:
    torch.cuda.synchronize()
    began = time.perf_counter()
    for _ in range(updates):
        training.update()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lanes", type=int, action="append", help="widths; 16, 64, 256 and 1024 unless given")
    parser.add_argument("--updates", type=int, default=10, help="timed, of each width and way")
    options = parse(parser, {"lanes": [2], "updates": 1})
    if not torch.cuda.is_available():
        print("no CUDA device: nothing is measured")
        print(json.dumps({"graph_over_eager": None}))
        return
    market = prepare(CONFIG.data)
    table = MarketTable.of_market(market)
    print(f"{torch.cuda.get_device_name(DEVICE)}; torch {torch.__version__}; {options.updates} updates each")
    print(f"{'lanes':>6}{'eager ms':>12}{'graph ms':>12}{'capture ms':>12}{'pays after':>12}{'same':>6}")
    ratios = {}
    for lanes in options.lanes or (16, 64, 256, 1024):
        eager = timed(lanes, options.updates, market, table, None)
        graph = timed(lanes, options.updates, market, table, WARM)
        gain, capture = eager.each - graph.each, graph.first - graph.each
        pays = f"{capture / gain:.1f}" if gain > 0 else "never"
        same = np.array_equal(eager.weights, graph.weights)
        print(
            f"{lanes:>6}{1e3 * eager.each:>12.1f}{1e3 * graph.each:>12.1f}{1e3 * capture:>12.1f}{pays:>12}{same!s:>6}"
        )
        ratios[str(lanes)] = round(eager.each / graph.each, 2)
    print(json.dumps({"graph_over_eager": ratios}))


if __name__ == "__main__":
    main()
