"""Steps of the market environment in a second, beside a plain torch loop of the contest's rules.

Both trade the settings of the FinRL Contest 2024, Task 1, on the same midpoints and factors: one unit at most, a
slippage of 7e-7 and a stop loss, as batches of 64 and of 4,096 environments. The unit is a decision of one environment
with its observation and its reward, in float32. The environment of FxAI keeps an account with returns and drawdown at
every row, and observes 12 numbers. The plain loop, written below with torch's operations on all environments together,
observes the contest's 10 and reads the price once a decision, where the order is filled and the reward is computed. So
with a decision every two rows, as in the contest, FxAI computes two rows and the plain loop computes one. Both give the
last observation of an ended episode, whose value a learner needs after a time-out, and begin the next episode.

Both use one thread. Random actions are drawn before the clock starts. The two take turns, and processor time is
measured; medians of the rounds count. Each ratio is FxAI's steps in a second over those of the plain loop. The last
line has the ratios of a decision at every row by the number of environments, and those of every two rows with `_gap_2`.

    python benchmarks/crypto_sim.py [--envs 64 4096] [--rounds 25] [--steps 100] [--smoke]
"""

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from statistics import median

import numpy as np
import torch
from torch import Tensor

from fxai.market.splits.splits import Span
from fxai.rl.environment.market_env import MarketEnv
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors
from fxai.spec.fields.env_config import EnvConfig
from smoke import parse

ROWS = 100_000
FACTORS = 8
INITIAL_CASH = 1_000_000.0
EPISODE = 2_370  # decisions
GAPS = (1, 2)  # rows from one decision to the next; the contest has 2
SLIPPAGE = 7e-7
STOP_LOSS = 1e-3


@dataclass(frozen=True, slots=True)
class Book:
    """Midpoints and factors of snapshots."""

    midpoint: Tensor  # [row]
    factors: Tensor  # [row, factor]

    @classmethod
    def random(cls, rows: int, seed: int = 0) -> "Book":
        """A random walk of a midpoint near 60,000 with factors that predict nothing."""
        rng = np.random.default_rng(seed)
        midpoint = 60_000 * np.exp(np.cumsum(rng.normal(0, 5e-5, rows)))
        factors = rng.normal(size=(rows, FACTORS))
        return cls(torch.from_numpy(midpoint).float(), torch.from_numpy(factors).float())


class ContestLoop:
    """The contest's rules as torch operations on all environments, whose episodes have one length.

    An action sells one unit, holds or buys one. It is filled `gap` rows later at the midpoint, moved by the slippage.
    A position that has lost STOP_LOSS of the best price since it was opened is closed, and so is the last one of an
    episode. The reward is the change of cash plus position times midpoint. The observation is position and holding time
    as shares of their largest values, and the factors. The faults of the contest's starter kit are not repeated.
    """

    def __init__(self, book: Book, envs: int, gap: int, *, most: int = 1, seed: int = 0) -> None:
        self._book, self._envs, self._gap, self._most = book, envs, gap, most
        self._random = torch.Generator().manual_seed(seed)
        self.reset()

    def reset(self) -> Tensor:
        last = len(self._book.midpoint) - (EPISODE + 1) * self._gap
        self._row = torch.randint(last, (self._envs,), generator=self._random)
        self._position = torch.zeros(self._envs)
        self._cash = torch.full((self._envs,), INITIAL_CASH)
        self._asset = self._cash
        self._held = torch.zeros(self._envs)
        self._best = self._book.midpoint[self._row]
        self._taken = 0
        return self._observation()

    def step(self, action: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Takes actions 0, 1, 2 [env].

        Returns the observations, those before a restart, the rewards and whether the time of the episodes is over,
        each [env, ...].
        """
        self._row = self._row + self._gap
        self._taken += 1
        midpoint = self._book.midpoint[self._row]
        before = self._position
        ended = self._taken == EPISODE
        side = before.sign()
        lost = side * (self._best - midpoint) > STOP_LOSS * self._best
        position = torch.where(lost, 0.0, (before + action - 1).clamp(-self._most, self._most))
        if ended:
            position = torch.zeros_like(position)
        order = position - before
        self._cash = self._cash - midpoint * order * (1 + SLIPPAGE * order.sign())
        asset = self._cash + position * midpoint
        reward = asset - self._asset
        kept = position.sign() == side
        self._held = torch.where(kept & (position != 0), self._held + 1, 0.0)
        better = torch.where(position > 0, torch.maximum(self._best, midpoint), torch.minimum(self._best, midpoint))
        self._best = torch.where(kept, better, midpoint)
        self._position, self._asset = position, asset
        over = torch.full((self._envs,), ended)
        last = self._observation()
        return (self.reset() if ended else last), last, reward, over

    def _observation(self) -> Tensor:
        own = torch.stack((self._position / self._most, self._held / EPISODE), dim=1)
        return torch.cat((own, self._book.factors[self._row]), dim=1)


def market_env(book: Book, envs: int, gap: int) -> MarketEnv:
    """The environment of FxAI with the contest's settings."""
    prices = book.midpoint.double().numpy()
    nights = np.zeros(len(prices), int)
    table = MarketTable.of(open=prices, close=prices, nights=nights, features=book.factors)
    market = MarketTensors.of_table(table)
    config = EnvConfig(
        actions="increment",
        sizing="units",
        initial_cash=INITIAL_CASH,
        max_position=1,
        step_gap=gap,
        fill="mid_with_slippage",
        slippage_rate=SLIPPAGE,
        commission_rate=0.0,
        stop_loss=STOP_LOSS,
        max_episode_steps=EPISODE * gap,
        observation_window=1,
    )
    return MarketEnv(market, Span(0, len(prices)), [config], torch.tensor([0]), envs)


def seconds(take: Callable[[Tensor], object], actions: Sequence[Tensor]) -> float:
    """Processor time to take all actions."""
    began = time.process_time()
    for action in actions:
        take(action)
    return time.process_time() - began


def steps_per_second(book: Book, envs: int, gap: int, steps: int, rounds: int) -> tuple[float, float]:
    """Steps of all environments in a second, of FxAI and of the plain loop."""
    ours, plain = market_env(book, envs, gap), ContestLoop(book, envs, gap)
    actions = list(torch.randint(3, (steps, envs), generator=torch.Generator().manual_seed(1)))
    packed = [action[None] for action in actions]
    ours.step(packed[0])  # compiles, or loads the machine code
    taken: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        taken[0].append(seconds(ours.step, packed))
        taken[1].append(seconds(plain.step, actions))
    first, second = (steps * envs / median(each) for each in taken)
    return first, second


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--envs", type=int, nargs="+", default=[64, 4096], help="environments of a batch")
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--steps", type=int, default=100, help="decisions of each environment in a round")
    arguments = parse(parser, {"envs": [8, 16], "rounds": 1, "steps": 4})
    torch.set_num_threads(1)
    book, ratios = Book.random(ROWS), {}
    print(f"{'rows a step':>11} {'environments':>12} {'FxAI steps/s':>14} {'plain loop':>14} {'ratio':>7}")
    for gap, envs in product(GAPS, arguments.envs):
        ours, plain = steps_per_second(book, envs, gap, arguments.steps, arguments.rounds)
        suffix = "" if gap == 1 else f"_gap_{gap}"
        ratios[f"over_plain_loop_{envs}{suffix}"] = round(ours / plain, 2)
        print(f"{gap:>11} {envs:>12,} {ours:>14,.0f} {plain:>14,.0f} {ours / plain:>7.2f}")
    print(json.dumps(ratios))


if __name__ == "__main__":
    main()
