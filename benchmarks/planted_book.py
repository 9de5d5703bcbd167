"""The five agents of the FinRL Contest 2024, Task 1, on a planted order book whose imbalance predicts the next move.

`book_market.py` states the process. The books are files in the contest's layout, read with `data.format: order_book`.

- Learning: `fxai train` trains each agent on the train split from several seeds. Each seed's agent is scored on the
  test split, in basis points of return per snapshot after costs. Possible: the score, on the same snapshots, of the
  plan with the greatest expected return for a trader that knows the signal. Doing nothing scores 0.
- Verdict: a search of each agent with confirmation and verdict, over learning rates whose least, which the default
  has, is too small to learn anything. On the planted book the word should be "better than the default and than doing
  nothing". With the same books and shuffled moves nothing can be learnt, so the word must not be "better".

    python benchmarks/planted_book.py [--seeds 5] [--books 2] [--agent ppo] [--part learning] [--smoke]
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from book_market import FEES, Floats, best_plan, write_book
from fxai import load_agent
from fxai.evaluation.verdict_word import VerdictWord
from fxai.market.scores.position_returns import PositionReturns
from fxai.rl.agents.evaluation_window import evaluation_window
from fxai.rl.agents.trajectory import trajectory_of
from lanes_search import REPOSITORY
from smoke import parse
from trained_searches import judged

ROWS, SMOKE_ROWS = 10_000, 1_000
MOVES = ("planted", "shuffled")
BASIS_POINT = 0.01  # of a reward, which is a return in percent
NOTHING_LEARNT = 1e-7  # learning rate
DQN = {"total_updates": 400, "gradient_steps": 32, "target_tau": 0.02, "buffer_size": 50_000, "lr_schedule": "linear"}
AGENTS: Mapping[str, Mapping[str, Any]] = {
    "double_dqn": DQN,
    "d3qn": DQN,
    "twin_d3qn": DQN,
    "ppo": {"total_updates": 40, "n_epochs": 4, "lr_schedule": "linear"},
    "a2c": {"total_updates": 800},
}
SEARCH: Mapping[str, Any] = {
    "metric_name": "mean_reward",
    "n_trials": 6,
    "seeds_per_trial": 2,
    "n_jobs": 1,
    "pruner": {"type": "NopPruner"},
    "confirm": {"candidates": 2, "seeds": 4, "budget": 1.0},
    "verdict": {"seeds": 4},
    "parameters": [{"name": "training.learning_rate", "type": "float_log", "low": NOTHING_LEARNT, "high": 1e-2}],
}
SHORTER = 4  # the updates of a training over those in a search
SMALLEST = {"n_trials": 2, "seeds_per_trial": 1, "confirm": {"candidates": 2, "seeds": 2}, "verdict": {"seeds": 2}}


@dataclass(frozen=True, slots=True)
class Effort:
    """The sizes of the trainings and searches."""

    rows: int  # of a book
    most_updates: int
    search: Mapping[str, Any]  # settings that replace those of `SEARCH`


SMOKE = Effort(SMOKE_ROWS, 8, SMALLEST)


@dataclass(frozen=True, slots=True)
class Book:
    """A file of snapshots, and the signal that their imbalance shows."""

    path: Path
    signal: Floats  # [row]

    @classmethod
    def written(cls, folder: Path, seed: int, rows: int, *, shuffled: bool = False) -> "Book":
        path = folder / f"{'shuffled' if shuffled else 'planted'}_{seed}.csv"
        return cls(path, write_book(path, seed, rows, shuffled=shuffled))


@dataclass(frozen=True, slots=True)
class Learnt:
    """Scores on the test split, in basis points per snapshot."""

    of_seeds: Sequence[float]
    possible: float
    seconds: float

    @property
    def shares(self) -> Sequence[float]:
        return [each / self.possible for each in self.of_seeds]


def config_of(agent: str, book: Book, effort: Effort, **training: Any) -> Mapping[str, Any]:
    """The training configuration of an agent, without the fields that have their defaults."""
    section = {"algorithm": agent, "n_envs": 32, "gamma": 0.9, "learning_rate": 1e-3, **AGENTS[agent], **training}
    total = min(section["total_updates"], effort.most_updates)
    features = {"bar_range": False, "order_book": {"depths": [1, 3, 5], "microprice": True}}
    return {
        "data": {"source": str(book.path), "format": "order_book", "features": features},
        "env": {"observation_window": 1, **FEES},
        "model": {"d_model": 32},
        "training": {**section, "total_updates": total, "eval_frequency": max(1, total // 2)},
    }


def learn(agent: str, book: Book, seeds: int, folder: Path, effort: Effort) -> Learnt:
    """Train an agent with the command line from several seeds, and score them on the test split."""
    config, output = folder / f"{agent}.yaml", folder / agent
    config.write_text(yaml.safe_dump(dict(config_of(agent, book, effort))))
    program = [sys.executable, str(REPOSITORY / "optuna_optimization.py")]
    began = time.monotonic()
    asked = [str(config), "--save-path", str(output), "--seed", "1", "--seeds", str(seeds), "--device", "cpu"]
    subprocess.run([*program, "train", "--quiet", *asked], check=True, stdout=subprocess.DEVNULL)
    seconds = time.monotonic() - began
    files = sorted(output.glob("seed-*/agent.safetensors")) or [output / "agent.safetensors"]
    scores = [scored(file, book) for file in files]
    return Learnt([score for score, _ in scores], scores[0][1], seconds)


def scored(file: Path, book: Book) -> tuple[float, float]:
    """The score of an agent on the test split, and that of the best plan on the same snapshots."""
    agent = load_agent(file)
    window = evaluation_window(agent, split="test")
    steps = trajectory_of(agent, window.market, window.span)
    trades = PositionReturns.of_market(window.market, steps.bar, steps.begins, agent.base_env)
    # An order is filled at the snapshot after that on which it was decided.
    wanted = best_plan().positions(book.signal[steps.bar - 1], steps.begins)
    possible = float(trades.steps(wanted).rewards.mean())
    return steps.score.metrics["mean_reward"] / BASIS_POINT, possible / BASIS_POINT


def word_of(agent: str, book: Book, seed: int, effort: Effort) -> VerdictWord:
    """The verdict of a search."""
    updates = AGENTS[agent]["total_updates"] // SHORTER
    config = config_of(agent, book, effort, total_updates=updates, learning_rate=NOTHING_LEARNT)
    study = {**SEARCH, **effort.search, "study_name": f"planted_{agent}", "seed": seed, "training_config": config}
    return judged(study).word


def show_learning(agents: Sequence[str], seeds: int, effort: Effort) -> Mapping[str, float]:
    """Print a row for each agent. Returns the least share of the possible score over the seeds, by agent."""
    print(f"Expected return of the best plan: {best_plan().gain * 1e4:.3f} basis points per snapshot after costs\n")
    heads = "".join(f"{f'seed {seed}':>9}" for seed in range(seeds))
    print(f"{'bp per snapshot':<16}{heads}{'nothing':>9}{'possible':>10}{'least share':>13}{'seconds':>9}")
    least = {}
    with tempfile.TemporaryDirectory() as name:
        book = Book.written(Path(name), 0, effort.rows)
        for agent in agents:
            found = learn(agent, book, seeds, Path(name), effort)
            values = "".join(f"{each:>9.3f}" for each in found.of_seeds)
            least[agent] = round(min(found.shares), 3)
            print(
                f"{agent:<16}{values}{0:>9}{found.possible:>10.3f}{least[agent]:>13.2f}{found.seconds:>9.0f}",
                flush=True,
            )
    return least


def show_verdicts(agents: Sequence[str], moves: Sequence[str], books: int, effort: Effort) -> Mapping[str, Any]:
    """Print the words of each agent's searches. Returns how often each word came, by kind of moves and agent."""
    print(f"\n{'agent':<16}{'book':>5}  {'moves':<10}{'seconds':>8}  word")
    words: dict[str, dict[str, Counter[str]]] = {}
    with tempfile.TemporaryDirectory() as name:
        for kind in moves:
            is_shuffled, numbers = kind == "shuffled", range(1, books + 1)
            made = {each: Book.written(Path(name), each, effort.rows, shuffled=is_shuffled) for each in numbers}
            for agent in agents:
                for number, book in made.items():
                    began = time.monotonic()
                    word = word_of(agent, book, number, effort)
                    print(f"{agent:<16}{number:>5}  {kind:<10}{time.monotonic() - began:>8.0f}  {word}", flush=True)
                    words.setdefault(kind, {}).setdefault(agent, Counter())[str(word)] += 1
    return words


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="trainings of each agent")
    parser.add_argument("--books", type=int, default=2, help="searches of each agent with planted moves, and shuffled")
    parser.add_argument("--agent", choices=AGENTS, action="append", help="all unless given")
    parser.add_argument("--part", choices=("learning", "verdict"), help="both unless given")
    parser.add_argument("--moves", choices=MOVES, action="append", help="of the searches; both unless given")
    given = parse(parser, {"seeds": 1, "books": 1, "agent": ["ppo"], "moves": ["shuffled"]})
    agents, effort = given.agent or list(AGENTS), SMOKE if given.smoke else Effort(ROWS, 10_000, {})
    results: dict[str, Any] = {}
    if given.part != "verdict":
        results["least_share"] = show_learning(agents, given.seeds, effort)
    if given.part != "learning":
        results.update(show_verdicts(agents, given.moves or MOVES, given.books, effort))
    print(json.dumps(results))


if __name__ == "__main__":
    main()
