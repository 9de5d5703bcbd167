"""`quick_search` with lanes and with one lane per worker: the best value over wall time, and the regret.

A sampler that is asked for many trials at once has fewer finished trials, so lanes could make a search worse while they
make it faster. Here both ways run the same number of trials on planted markets, search by search with the same seeds.
The regret of a search is the distance of its best value from the better of the two. The cost of lanes is the mean
difference of the two regrets, with a bootstrap interval over the searches.
"""

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.trial import TrialState
from scipy.stats import bootstrap

REPOSITORY = Path(__file__).parents[1]
SPEC = REPOSITORY / "config" / "optuna" / "quick_search.yaml"
STUDY = "fx_ai_quick"
ONLY_SEARCH = {"confirm": "off", "verdict": "off"}
ONE_LANE = {"resources.lanes_per_worker": "1"}
SEEDS = 4
SEARCHES, QUICK_SEARCHES = 5, 1  # of each way; of one, the ratios are no more than an example
SHORTEST = {  # settings of a search that is over in seconds
    "n_trials": "3",
    "training.total_updates": "2",
    "training.eval_frequency": "1",
    "training.rollout_steps": "32",
    "save_study_plots": "false",
    "n_jobs": "1",
}
MOMENTS = 8  # at which the best values are shown


@dataclass(frozen=True, slots=True)
class RegretEffort:
    """How many searches, and what is set in each to make it shorter."""

    searches: int
    settings: Mapping[str, str]


REGRET = RegretEffort(10, {})
QUICK_REGRET = RegretEffort(
    4,
    {
        "training.total_updates": "6",
        "training.eval_frequency": "2",
        "training.rollout_steps": "32",
        "pruner.n_warmup_steps": "2",
    },
)
SMOKE_REGRET = RegretEffort(1, SHORTEST)


@dataclass(frozen=True, slots=True)
class TimedSearch:
    """A search by the command that users type; seconds count from its start."""

    seconds: float  # until it ended: the results lie there, plots and all
    training_seconds: float  # until the last trial's end
    values: Sequence[tuple[float, float]]  # of each completed trial: its end, and what it came to

    @property
    def best_value(self) -> float:
        return self.best_at(self.seconds)

    def best_at(self, seconds: float) -> float:
        """The best value by then; NaN before the first."""
        return max((value for moment, value in self.values if moment <= seconds), default=float("nan"))


def quick_search(settings: Mapping[str, str]) -> TimedSearch:
    """The shipped search with these settings, timed; with one seed a trial unless they say otherwise."""
    command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), "run", "--quiet", "--spec", str(SPEC)]
    command += [f"--set={name}={value}" for name, value in {"seeds_per_trial": "1", **ONLY_SEARCH, **settings}.items()]
    with tempfile.TemporaryDirectory() as folder:
        storage = f"sqlite:///{folder}/study.db"
        began = datetime.now()  # noqa: DTZ005 (Optuna's records hold local time)
        subprocess.run([*command, "--storage", storage], cwd=folder, stdout=subprocess.DEVNULL, check=True)
        seconds = (datetime.now() - began).total_seconds()  # noqa: DTZ005
        trials = optuna.load_study(study_name=STUDY, storage=storage).trials
    ended = [(each.datetime_complete, each) for each in trials]
    moments = [((end - began).total_seconds(), trial) for end, trial in ended if end is not None]
    complete = [(moment, trial.values[0]) for moment, trial in moments if trial.state is TrialState.COMPLETE]
    return TimedSearch(seconds, max(moment for moment, _ in moments), complete)


def race_quick_search(searches: int, settings: Mapping[str, str]) -> dict[str, float]:
    """Print how the shipped search goes with one lane, with lanes, and with several seeds in lanes.

    Searches go different ways, and some train a third longer than others; so each way has several, with the
    same seeds, and a ratio is the median of theirs. The seconds are those of the whole command; in the table
    those up to the last trial's end stand beside them in brackets.
    """
    several = f"{SEEDS} seeds"
    ways = {"one lane": ONE_LANE, "lanes": {}, several: {"seeds_per_trial": str(SEEDS)}}
    found: dict[str, list[TimedSearch]] = {way: [] for way in ways}
    how = dict(settings) or "as shipped"
    print(f"\nquick_search {how}, {searches} searches each: seconds of the command (to the last trial's end)")
    for seed in range(searches):
        for way in sorted(ways, reverse=bool(seed % 2)):
            found[way].append(quick_search({**settings, **ways[way], "seed": str(seed)}))
        last = {way: searched[-1] for way, searched in found.items()}
        told = (f"{way} {search.seconds:.1f} ({search.training_seconds:.1f})" for way, search in last.items())
        print(f"seed {seed}: {', '.join(told)}", flush=True)
    print("best value over wall time, mean of the searches")
    show_best(found)
    seconds = {way: np.array([search.seconds for search in searched]) for way, searched in found.items()}
    training = {way: np.array([search.training_seconds for search in searched]) for way, searched in found.items()}
    figures = {
        "quick_search_seconds": float(np.median(seconds["lanes"])),
        "quick_search_over_one_lane": float(np.median(seconds["one lane"] / seconds["lanes"])),
        f"seconds_of_{SEEDS}_seeds_over_1": float(np.median(seconds[several] / seconds["lanes"])),
        f"training_seconds_of_{SEEDS}_seeds_over_1": float(np.median(training[several] / training["lanes"])),
    }
    print(", ".join(f"{name} {figure:.2f}" for name, figure in figures.items()), flush=True)
    return {name: round(figure, 2) for name, figure in figures.items()}


def compare_regret(effort: RegretEffort) -> dict[str, float]:
    """Print the best values of searches with and without lanes, and the interval of what lanes cost."""
    print(
        f"\nregret: {effort.searches} searches {dict(effort.settings) or 'as shipped'}, mean_reward on planted markets"
    )
    print(f"{'market':>8}{'one lane':>11}{'lanes':>11}{'seconds':>10}{'in lanes':>10}")
    found: dict[str, list[TimedSearch]] = {"one lane": [], "lanes": []}
    for seed in range(effort.searches):
        settings = {**effort.settings, "data.source": f"planted_1h:{seed}", "seed": str(seed)}
        ways = {"one lane": settings | ONE_LANE, "lanes": settings}
        for way in sorted(ways, reverse=bool(seed % 2)):
            found[way].append(quick_search(ways[way]))
        one_lane, lanes = found["one lane"][-1], found["lanes"][-1]
        values = f"{one_lane.best_value:11.5f}{lanes.best_value:11.5f}"
        print(f"{seed:>8}{values}{one_lane.seconds:10.1f}{lanes.seconds:10.1f}", flush=True)
    print("best value over wall time, mean of the searches")
    show_best(found)
    bests = [np.array([search.best_value for search in found[way]]) for way in ("one lane", "lanes")]
    regrets = [np.maximum(*bests) - best for best in bests]
    low, high = interval(regrets[1] - regrets[0])
    means = " and ".join(f"{regret.mean():.5f}" for regret in regrets)
    print(f"mean regret {means} with lanes; 95 % interval of the difference [{low:.5f}, {high:.5f}]", flush=True)
    return {"regret_difference_low": round(low, 6), "regret_difference_high": round(high, 6)}


def show_best(ways: Mapping[str, Sequence[TimedSearch]]) -> None:
    """The best value so far of each way, the mean over its searches, at moments up to the last one's end."""
    last = max(search.seconds for searched in ways.values() for search in searched)
    moments = last * np.linspace(0, 1, MOMENTS + 1)[1:]
    print(f"{'seconds':>9}" + "".join(f"{way:>11}" for way in ways))
    for moment in moments:
        bests = [np.mean([search.best_at(moment) for search in searched]) for searched in ways.values()]
        print(f"{moment:9.1f}" + "".join(f"{best:11.5f}" for best in bests))


def interval(paired: NDArray[np.float64]) -> tuple[float, float]:
    """95 % percentile bootstrap interval of the mean; one value alone, or the same one always, has none."""
    if len(paired) < 2 or np.ptp(paired) == 0:
        return float(paired[0]), float(paired[0])
    result = bootstrap((paired,), np.mean, method="percentile", rng=np.random.default_rng(0))
    return float(result.confidence_interval.low), float(result.confidence_interval.high)
