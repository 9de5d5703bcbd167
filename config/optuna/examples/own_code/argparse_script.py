"""A trading strategy on random prices. It runs alone, and in a search; in a search it sends reports to FxAI."""

import argparse
import json
import os

import numpy as np

PARTS = 6


def report(**values):
    """Write a line of JSON for FxAI, or to the terminal outside a search."""
    line = json.dumps(values)
    if "FXAI_REPORTS" not in os.environ:
        print(line)
        return
    with open(os.environ["FXAI_REPORTS"], "a") as reports:
        reports.write(line + "\n")


def main():
    """Compare the price with the mean of moving averages. Score the strategy on more and more parts of the prices."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--windows", type=int, nargs="+", default=[20])
    parser.add_argument("--stop-loss", type=float)
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--cost", type=float, default=0.0001)
    given = parser.parse_args()

    moves = np.random.default_rng(0).normal(0, 0.01, 30_000)
    moves[1:] += 0.05 * moves[:-1]  # a market with a little momentum
    prices = moves.cumsum()
    averages = [np.convolve(prices, np.ones(n) / n)[: len(prices)] for n in given.windows]
    positions = np.sign(prices - np.mean(averages, axis=0))
    if not given.short:
        positions = positions.clip(0)
    earned = positions[:-1] * moves[1:] - given.cost * np.abs(np.diff(positions))
    if given.stop_loss is not None:
        earned = earned.clip(-given.stop_loss)
    for part in range(1, PARTS + 1):
        so_far = earned[: part * len(earned) // PARTS]
        report(
            step=part,
            **{"eval/sharpe": so_far.mean() / so_far.std(), "eval/turnover": np.abs(np.diff(positions)).mean()},
        )


if __name__ == "__main__":
    main()
