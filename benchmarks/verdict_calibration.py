"""How often the verdict is wrong without an edge, and how often it finds one: simulated searches, the real selection.

A search has 30 trials with four seeds. The best eight and the default are confirmed by racing on fresh seeds. The
winner's committee of eight further seeds is judged against the default's on test bars, by `fxai.evaluation.verdict`.
Returns follow Student's t with 5 degrees of freedom with clustered volatility. Half of the variance of an agent's
returns is common to all agents, a fifth to the seeds of its trial, the rest is its own. The expected values of the
seeds of a trial differ by 0.3 of the market error of 1,221 bars.

Three nulls: no trial has an edge before costs, and costs differ; all trials equal a skilled default; all trials equal
doing nothing, and the default loses. In the searches with an edge the default has none and each other trial has the
edge, as annual Sharpe ratio of a committee. The naive rule calls a winner better if its validation value in the search
is above the default's.

In these searches a committee earns the mean of its members. A real committee votes: its position is that of the mean of
its members' action probabilities, and its spread over seeds is larger than that of the members' mean. In a further null
two committees of equal skill, without a search, vote on one market; naive is then the comparison of the members' means.

Of the searches of each null on 1,221 bars, 20 are small searches with real trainings, on markets of their own
(`trained_searches.py`), with about 1,100 test bars. They have a row of their own, and their words count with those of
the simulated ones. They take about eight seconds each on one core.

    python benchmarks/verdict_calibration.py [--searches 200] [--trained 20] [--smoke]
"""

import argparse
import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.verdict import VerdictSettings, verdict
from fxai.evaluation.verdict_word import VerdictWord
from planted_searches import DEFAULT, MOST_SEEDS, SEARCH_SEEDS, Array, confirm, student, volatility
from smoke import parse
from trained_searches import TRAINED_NULLS, JudgedSearch, trained_search

TRIALS = 30
COMMITTEE = 8
BARS_PER_YEAR = 6240.0  # hourly bars of five days a week
SHARED, OF_TRIAL, OF_SEED = 0.5, 0.2, 0.3  # shares of the variance of an agent's returns
SEED_DEVIATION = 0.3 / math.sqrt(1221)  # of the seeds' expected values; the deviation of an agent's returns is 1
COMMITTEE_DEVIATION = math.sqrt(SHARED + OF_TRIAL + OF_SEED / COMMITTEE)
MOST_COSTS = 3.0  # annual Sharpe ratio
SKILL = 0.3  # of the voters' signal
VOTER_BIAS, VOTER_NOISE = 0.5, 0.5  # of one member, constant and bar by bar; the noise of the signal is 1

TRAINED_BARS = 1221  # nearest to the test bars of the trained searches
EDGES: Mapping[int, Sequence[float]] = {1221: (3.0, 5.0, 7.0, 9.0), 6280: (2.0, 3.5, 5.0)}
ASKED: Mapping[int, float] = {1221: 9.0, 6280: 3.5}  # annual Sharpe ratio at which a power of 80 % is asked for


@dataclass(frozen=True, slots=True)
class SearchedPair:
    """What the verdict needs of a simulated search."""

    winner: CommitteeReturns  # on the test bars
    default: CommitteeReturns
    best_beats_default: bool  # by the search's values on validation


def judge(pair: SearchedPair) -> JudgedSearch:
    """The word of the verdict at the first look."""
    word = verdict(pair.winner, pair.default, VerdictSettings(), bars_per_year=BARS_PER_YEAR).word
    return JudgedSearch(word, pair.best_beats_default)


def simulated_search(edges: Array, bars: int, rng: np.random.Generator) -> SearchedPair:
    """A search with as many validation bars as test bars.

    Args:
        edges: Annual Sharpe ratio of a committee of each trial, [trial]; the first trial is the default.
        bars: Number of test bars.
        rng: Source of the draws.
    """
    means = edges * COMMITTEE_DEVIATION / math.sqrt(BARS_PER_YEAR)
    of_trials = means + _stretch(rng, bars).mean(axis=1)

    def scores(trial: int, seeds: int) -> Array:
        """Validation scores [seed] of seeds that are drawn anew; the mean over bars of a seed's own part is normal."""
        deviation = math.hypot(SEED_DEVIATION, math.sqrt(OF_SEED / bars))
        drawn: Array = of_trials[trial] + deviation * rng.normal(size=seeds)
        return drawn

    values = np.array([scores(trial, SEARCH_SEEDS).mean() for trial in range(len(edges))])
    winner = confirm(values, lambda trial: scores(trial, MOST_SEEDS)).trial
    test = _stretch(rng, bars, [DEFAULT, winner])
    default_committee = _committee(means[DEFAULT] + test[0], rng)
    winner_committee = default_committee if winner == DEFAULT else _committee(means[winner] + test[1], rng)
    return SearchedPair(winner_committee, default_committee, bool(values[1:].max() > values[DEFAULT]))


def _stretch(rng: np.random.Generator, bars: int, trials: Sequence[int] = range(TRIALS)) -> Array:
    """The parts of the returns that all seeds of a trial have in common, [trial, bar]."""
    own = math.sqrt(OF_TRIAL) * student(rng, len(trials), bars)
    common: Array = volatility(rng, bars) * (math.sqrt(SHARED) * student(rng, bars) + own)
    return common


def _committee(common: Array, rng: np.random.Generator) -> CommitteeReturns:
    """A committee whose members' returns are `common` [bar] and their own; it earns the mean of its members."""
    own = math.sqrt(OF_SEED) * student(rng, COMMITTEE, len(common))
    members = common + own + SEED_DEVIATION * rng.normal(size=(COMMITTEE, 1))
    return CommitteeReturns(members.mean(axis=0), members)


def voting_pair(bars: int, rng: np.random.Generator) -> SearchedPair:
    """Two committees of equal skill whose members see the same signal with noise of their own."""
    market = volatility(rng, bars) * student(rng, bars)
    signal = SKILL * market + rng.normal(size=bars)
    winner, default = _voters(market, signal, rng), _voters(market, signal, rng)
    return SearchedPair(winner, default, bool(winner.members.mean() > default.members.mean()))


def _voters(market: Array, signal: Array, rng: np.random.Generator) -> CommitteeReturns:
    seen = (
        signal + VOTER_BIAS * rng.normal(size=(COMMITTEE, 1)) + VOTER_NOISE * rng.normal(size=(COMMITTEE, len(signal)))
    )
    preference = np.tanh(seen)
    return CommitteeReturns(np.sign(preference.mean(axis=0)) * market, np.sign(preference) * market)


def no_edge(_bars: int, rng: np.random.Generator) -> Array:
    """No edge before costs, and costs that differ."""
    return -MOST_COSTS * rng.random(TRIALS)


def as_skilled_default(bars: int, _rng: np.random.Generator) -> Array:
    """Each trial equals a skilled default."""
    return np.full(TRIALS, ASKED[bars])


def as_flat(bars: int, _rng: np.random.Generator) -> Array:
    """Each trial equals doing nothing, and the default loses."""
    edges = np.zeros(TRIALS)
    edges[DEFAULT] = -ASKED[bars]
    return edges


def with_edge(edge: float) -> Array:
    """Each trial but the default has the edge."""
    edges = np.full(TRIALS, edge)
    edges[DEFAULT] = 0.0
    return edges


NULLS: Mapping[str, Callable[[int, np.random.Generator], Array]] = dict(
    zip(TRAINED_NULLS, (no_edge, as_skilled_default, as_flat), strict=True)
)


def show(name: str, bars: int, searches: Iterable[JudgedSearch]) -> list[JudgedSearch]:
    """Print a row: the share of each word, and of the naive rule."""
    found = list(searches)
    words = Counter(each.word for each in found)
    shares = [words[word] / len(found) for word in VerdictWord]
    shares.append(float(np.mean([each.best_beats_default for each in found])))
    print(f"{name:<36}{bars:>6}" + "".join(f"{100 * share:>11.1f}" for share in shares), flush=True)
    return found


def better(found: Sequence[JudgedSearch]) -> float:
    """The share of searches that are called better."""
    return float(np.mean([each.word is VerdictWord.BETTER for each in found]))


def show_nulls(bars: int, searches: int, trained: int) -> list[list[JudgedSearch]]:
    """Print the rows of the nulls; returns the searches of each. Only 1,221 bars have trained searches."""
    trained = min(trained, searches - 1) if bars == TRAINED_BARS else 0
    rows = []
    for place, (name, null) in enumerate(NULLS.items()):
        draws = [np.random.default_rng((seed, bars, place)) for seed in range(searches - trained)]
        rows.append(show(name, bars, (judge(simulated_search(null(bars, rng), bars, rng)) for rng in draws)))
        if trained:
            rows[-1] += show(f"{name}, trained", bars, (trained_search(name, seed) for seed in range(trained)))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--searches", type=int, default=200, help="of each row")
    parser.add_argument("--trained", type=int, default=20, help="of the searches of each null on 1,221 bars")
    given = parse(parser, {"searches": 3, "trained": 1})
    columns = ("worse", "not > flat", "not > def.", "better", "luck", "naive")
    print(f"{'share of the words in percent':<36}{'bars':>6}" + "".join(f"{name:>11}" for name in columns))
    false_better, naive, power = [], [], []
    for bars, edges in EDGES.items():
        for found in show_nulls(bars, given.searches, given.trained):
            false_better.append(better(found))
            naive.append(float(np.mean([each.best_beats_default for each in found])))
        draws = [np.random.default_rng((seed, bars, len(NULLS))) for seed in range(given.searches)]
        false_better.append(
            better(show("equal committees that vote", bars, (judge(voting_pair(bars, r)) for r in draws)))
        )
        for edge in edges:
            draws = [np.random.default_rng((seed, bars, int(10 * edge), 1)) for seed in range(given.searches)]
            searches = (judge(simulated_search(with_edge(edge), bars, rng)) for rng in draws)
            found = show(f"annual Sharpe ratio {edge}", bars, searches)
            if edge == ASKED[bars]:
                power.append(better(found))
    figures = {"false_better": max(false_better), "power": min(power), "naive_false_better": max(naive)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
