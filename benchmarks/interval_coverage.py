"""Coverage of the 95 % intervals that FxAI gives with a value, over simulated seeds and stretches of market.

Each simulated interval is for the expected value of an agent over seeds and stretches, from the returns of 8 or 16
seeds on one stretch of 1,221 or 6,280 bars. The agent leads eight agents, which were compared by four other seeds each.
The agents have equal skill and share the market as their seeds do. Returns are those of `simulated_returns.py`:
Student's t with 5 degrees of freedom and clustered volatility. The correlation between seeds, and the share of the
seeds in the variance of the mean, are small and large. The table has three shares of intervals that contain the
expected value:

- fresh seeds: the interval as FxAI gives it, from seeds that did not choose the leader;
- same seeds: such an interval from the four seeds by which the agent leads, whose mean is too high;
- seeds alone: the interval of the fresh seeds by the normal distribution and the error over seeds alone.

The last line is the coverage of the fresh seeds in the case that is farthest from 95 %.

    python benchmarks/interval_coverage.py [--intervals 2000] [--smoke]
"""

import argparse
import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from fxai.evaluation.whole_error import Estimate, estimate
from simulated_returns import CORRELATIONS, SEED_SHARES, simulated_returns
from smoke import parse

SEEDS = (8, 16)
BARS = (1221, 6280)
CANDIDATES = 8
CHOOSING_SEEDS = 4  # of each candidate
ASKED = 0.95
_VALUES_AT_ONCE = 5_000_000


@dataclass(frozen=True, slots=True)
class Case:
    """What is simulated."""

    seeds: int
    bars: int
    correlation: float
    seed_share: float


@dataclass(frozen=True, slots=True)
class Covered:
    """Share of the intervals of a case that contain the expected value."""

    fresh_seeds: float
    same_seeds: float
    seeds_alone: float


def coverage(
    intervals: int, seeds: Sequence[int] = SEEDS, bars: Sequence[int] = BARS, seed: int = 0
) -> dict[Case, Covered]:
    """Coverage in each case, from `intervals` simulated intervals of each kind."""
    cases = [Case(*values) for values in product(seeds, bars, CORRELATIONS, SEED_SHARES)]
    return {case: _covered(case, intervals, np.random.default_rng([seed, number])) for number, case in enumerate(cases)}


def worst_coverage(found: dict[Case, Covered]) -> float:
    """The coverage of fresh seeds that is farthest from 95 %."""
    return max((one.fresh_seeds for one in found.values()), key=lambda share: abs(share - ASKED))


def _covered(case: Case, intervals: int, rng: np.random.Generator) -> Covered:
    hits = [_hits(returns) for returns in _stretches(case, intervals, rng)]
    return Covered(*np.mean(hits, axis=0).tolist())


def _stretches(case: Case, count: int, rng: np.random.Generator) -> Iterator[NDArray[np.float64]]:
    """Returns [row, bar] of one stretch after the other."""
    rows = CANDIDATES * CHOOSING_SEEDS + case.seeds
    size = max(_VALUES_AT_ONCE // (rows * case.bars), 1)
    for start in range(0, count, size):
        yield from simulated_returns(
            rng,
            min(size, count - start),
            case.seeds,
            case.bars,
            correlation=case.correlation,
            seed_share=case.seed_share,
            rows=rows,
        )


def _hits(returns: NDArray[np.float64]) -> tuple[bool, bool, bool]:
    """Whether each kind of interval of one stretch contains 0."""
    choosing = returns[: CANDIDATES * CHOOSING_SEEDS].reshape(CANDIDATES, CHOOSING_SEEDS, -1)
    leader = choosing[choosing.mean(axis=(1, 2)).argmax()]
    # The seeds of agents of equal skill are exchangeable: the last rows are further seeds of any of them.
    fresh = estimate(returns[CANDIDATES * CHOOSING_SEEDS :])
    return _contains_0(fresh), _contains_0(estimate(leader)), abs(fresh.value) <= 1.96 * (fresh.error.seed or 0)


def _contains_0(found: Estimate) -> bool:
    low, high = found.interval(ASKED) or (math.nan, math.nan)
    return low <= 0 <= high


def main() -> None:
    """Print the table and the line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--intervals", type=int, default=2000, help="intervals of each kind in each case")
    arguments = parse(parser, {"intervals": 4})
    found = coverage(arguments.intervals)
    print("seeds   bars  correlation  seeds' share  fresh seeds  same seeds  seeds alone")
    for case, one in found.items():
        print(
            f"{case.seeds:5}  {case.bars:5}  {case.correlation:11}  {case.seed_share:12}"
            f"  {one.fresh_seeds:11.1%}  {one.same_seeds:10.1%}  {one.seeds_alone:11.1%}"
        )
    print(json.dumps({"coverage": worst_coverage(found)}))


if __name__ == "__main__":
    main()
