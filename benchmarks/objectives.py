"""Which objective of a study chooses winners that hold on later bars.

Random configurations of `quick_search` are trained on several markets from eight seeds each. Every objective is applied
to the same trainings: a search draws half of the trials and half of the seeds, and chooses the trial with the best mean
of the objective over these seeds on the validation split. The other seeds of that trial, which did not choose it, are
scored on the test split by three yardsticks: mean return per bar, Sharpe ratio and maximum drawdown.

- Gain: the value of the chosen trial minus the mean of the search's trials, on the test split.
- Regret: the value of the best trial minus that of the chosen one. Both are in standard deviations over the trials.
- Correlation: Spearman's, over all trials, between the objective on validation and the yardstick on test.

The searches of one market share its bars, so their mean is one observation, and errors are over markets. Differences
to `mean_reward` are paired. The best objective of the last line has the greatest gain, mean over the yardsticks.
`win_rate`, `turnover` and `trades` are no objectives here: none of them measures profit.

Groups of markets: `planted` is `planted_1h` with a longer test split; `weak` has a weaker pattern, clustered volatility
and fat tails; `eurusd` is the shipped EURUSD at three places of the splits, whose bars overlap. Each `--data FILE` is a
further group: consecutive stretches of the file.

    python benchmarks/objectives.py [--trials 20] [--markets 4] [--data FILE] [--jobs N] [--smoke]
"""

import argparse
import json
import math
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.scores.metrics import performance
from market_files import stretches, weak_pattern, write_bars
from objective_trainings import Array, Effort, SplitMarket, Trainings, train
from smoke import parse

SEEDS = 8  # of each trial; a search chooses by half of them
SEARCHES = 200  # drawn from the trainings of one market
TRAIN_BARS, VALIDATION_BARS = 3600, 1200  # as in 6,000 bars with the default splits
STRETCH = 6225  # bars of one market of a file
EURUSD_TRAIN = (0.4, 0.5, 0.6)  # shares of the bars
WEAK = 0.15  # correlation of consecutive returns
OBJECTIVES = ("mean_reward", "total_return", "sharpe", "sortino", "romad", "max_drawdown")
UNITS: Mapping[str, float] = {"return": 1e4, "sharpe": 1.0, "drawdown": 100.0}  # of a basis point, 1, a percent
YARDSTICKS = tuple(UNITS)
Index = NDArray[np.intp]
SMALLER_IS_BETTER = ("max_drawdown", "drawdown")
BASE = "mean_reward"
SHORTER = {"training.total_updates": "2", "training.rollout_steps": "32"}


@dataclass(frozen=True, slots=True)
class LaterFigures:
    """How the winners of one objective held on one market, by yardstick."""

    correlation: Mapping[str, float]
    chosen: Mapping[str, float]  # value of the chosen trial on test, mean over searches
    gain: Mapping[str, float]
    regret: Mapping[str, float]

    @property
    def mean_gain(self) -> float:
        """Over the yardsticks."""
        return float(np.mean(list(self.gain.values())))


def objective_values(found: Trainings) -> Mapping[str, Array]:
    """Each objective of each training on the validation split, [trial, seed]; more is better."""
    measured = _performance(found.validation, found.bars_per_year)
    return {BASE: found.rewards.mean(axis=2), **{name: _signed(name, measured[name]) for name in OBJECTIVES[1:]}}


def yardsticks(found: Trainings) -> Mapping[str, Array]:
    """Each yardstick of each training on the test split, [trial, seed]; more is better."""
    measured = _performance(found.test, found.bars_per_year)
    drawdown = _signed("drawdown", measured["max_drawdown"])
    return {"return": found.test.mean(axis=2), "sharpe": measured["sharpe"], "drawdown": drawdown}


def _performance(returns: Array, bars_per_year: float) -> Mapping[str, Array]:
    """Metrics that need no trades, [trial, seed]."""
    of_seeds = [[performance(seed, 0, 0, 0.0, bars_per_year).as_metrics() for seed in trial] for trial in returns]
    return {name: np.array([[seed[name] for seed in trial] for trial in of_seeds]) for name in of_seeds[0][0]}


def _signed(name: str, values: Array) -> Array:
    return -values if name in SMALLER_IS_BETTER else values


def later_figures(found: Trainings, rng: np.random.Generator) -> Mapping[str, LaterFigures]:
    """How the winners of each objective hold. All objectives choose in the same searches."""
    values, measured = objective_values(found), yardsticks(found)
    trials, seeds = values[BASE].shape
    drawn = [(rng.permutation(trials)[: max(2, trials // 2)], rng.permutation(seeds)) for _ in range(SEARCHES)]
    return {name: _later_figures(values[name], measured, drawn) for name in OBJECTIVES}


def _later_figures(values: Array, measured: Mapping[str, Array], drawn: Sequence[tuple[Index, Index]]) -> LaterFigures:
    half = values.shape[1] // 2
    winners = [int(values[np.ix_(trials, seeds[:half])].mean(axis=1).argmax()) for trials, seeds in drawn]
    chosen, gain, regret = {}, {}, {}
    for name in YARDSTICKS:
        fresh = np.array([measured[name][np.ix_(trials, seeds[half:])].mean(axis=1) for trials, seeds in drawn])
        of_winner, spread = fresh[np.arange(len(drawn)), winners], np.maximum(fresh.std(axis=1), 1e-12)
        chosen[name] = float(of_winner.mean())
        gain[name] = float(((of_winner - fresh.mean(axis=1)) / spread).mean())
        regret[name] = float(((fresh.max(axis=1) - of_winner) / spread).mean())
    correlation = {name: _correlation(values[:, :half], measured[name][:, half:]) for name in YARDSTICKS}
    return LaterFigures(correlation, chosen, gain, regret)


def _correlation(values: Array, fresh: Array) -> float:
    """Spearman's correlation over trials; 0 if one side does not vary."""
    found = float(spearmanr(values.mean(axis=1), fresh.mean(axis=1)).statistic)
    return 0.0 if math.isnan(found) else found


def groups(count: int, data: Sequence[Path], folder: Path) -> Iterator[tuple[str, list[SplitMarket]]]:
    """The markets of each group."""
    bars = 2 * (TRAIN_BARS + VALIDATION_BARS)
    split = (TRAIN_BARS / bars, VALIDATION_BARS / bars)
    planted = [write_bars(synthetic_market(seed, bars), folder) for seed in range(count)]
    yield "planted", [SplitMarket(path.stem, str(path), *split) for path in planted]
    weak = [write_bars(weak_pattern(seed, bars, WEAK), folder) for seed in range(count)]
    yield "weak", [SplitMarket(path.stem, str(path), *split) for path in weak]
    yield "eurusd", [SplitMarket(f"eurusd {train}", "eurusd_1h", train) for train in EURUSD_TRAIN[-count:]]
    for path in data:
        files = [write_bars(each, folder) for each in stretches(path, STRETCH)[:count]]
        yield path.stem, [SplitMarket(file.stem, str(file)) for file in files]


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over markets with its standard error."""

    value: float
    error: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Mean":
        error = float(np.std(values, ddof=1)) / math.sqrt(len(values)) if len(values) > 1 else math.nan
        return cls(float(np.mean(values)), error)

    def __str__(self) -> str:
        return f"{self.value:.3f} ± {self.error:.3f}"


def show(group: str, held: Sequence[Mapping[str, LaterFigures]]) -> None:
    """Print the table of some markets."""
    columns = ("correlation", "chosen on test", "gain, sd", f"gain - of {BASE}", "regret, sd")
    print(f"\n{group}, {len(held)} markets" + "".join(f"{column:>22}" for column in columns))
    for yardstick, unit in UNITS.items():
        for name in OBJECTIVES:
            found = [each[name] for each in held]
            gains = [each.gain[yardstick] for each in found]
            figures = (
                Mean.of([each.correlation[yardstick] for each in found]),
                Mean.of([unit * each.chosen[yardstick] for each in found]),
                Mean.of(gains),
                Mean.of([gain - each[BASE].gain[yardstick] for gain, each in zip(gains, held, strict=True)]),
                Mean.of([each.regret[yardstick] for each in found]),
            )
            print(f"{yardstick:<9} {name:<13}" + "".join(f"{figure!s:>22}" for figure in figures), flush=True)


def best_objective(held: Sequence[Mapping[str, LaterFigures]]) -> tuple[str, Mean]:
    """The objective with the greatest mean gain, and the difference of its gain to that of `mean_reward`."""
    best = max(OBJECTIVES, key=lambda name: float(np.mean([each[name].mean_gain for each in held])))
    return best, Mean.of([each[best].mean_gain - each[BASE].mean_gain for each in held])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=20, help="configurations of each market")
    parser.add_argument("--markets", type=int, default=4, help="of each group")
    parser.add_argument("--data", type=Path, action="append", default=[], help="a file of bars; may be repeated")
    parser.add_argument("--only", action="append", help="names of groups; all unless given")
    parser.add_argument("--jobs", type=int, default=-1, help="workers; -1: all cores")
    parser.add_argument("--keep", type=Path, help="folder of trainings, which stay there and are used again")
    given = parse(parser, {"trials": 4, "markets": 1, "only": ["weak"], "jobs": 1})
    effort = Effort(given.trials, SEEDS, given.jobs, SHORTER if given.smoke else {})
    every: list[Mapping[str, LaterFigures]] = []
    with tempfile.TemporaryDirectory() as name:
        for group, markets in groups(given.markets, given.data, Path(name)):
            if given.only and group not in given.only:
                continue
            held = []
            for seed, market in enumerate(markets):
                began = time.monotonic()
                held.append(later_figures(_trainings(market, effort, seed, given.keep), np.random.default_rng(seed)))
                print(f"{market.name}: {time.monotonic() - began:.0f} s", flush=True)
            show(group, held)
            every += held
    show("all", every)
    best, difference = best_objective(every)
    gain = {name: round(float(np.mean([each[name].mean_gain for each in every])), 3) for name in OBJECTIVES}
    error = None if math.isnan(difference.error) else round(difference.error, 3)
    print(json.dumps({"best": best, "over_mean_reward": round(difference.value, 3), "error": error, "gain": gain}))


def _trainings(market: SplitMarket, effort: Effort, seed: int, keep: Path | None) -> Trainings:
    if keep is None:
        return train(market, effort, seed)
    path = keep / f"{market.name}-{effort.trials}.npz"
    if not path.is_file():
        keep.mkdir(parents=True, exist_ok=True)
        train(market, effort, seed).write(path)
    return Trainings.read(path)


if __name__ == "__main__":
    main()
