"""Compares the results of FxAI's search with plain Optuna: regret after as many trials, with the same sampler.

FxAI asks through its own storage, gives every trial a sampler with a new seed and decides reports itself. None of this
may make the results of TPE worse. Both search four functions with known minima, of real, whole, logarithmic and
categorical parameters, and a table of small trainings with their learning curves, so that the Median pruner is used
too (`search_problems.py`). Trial 0 is the same point on both sides.

Each search is run with one trial after the other, as `study.optimize` does, and with as many trials at once as FxAI
allows (12 of 50), told in a random order; then Optuna's side is its own ask and tell. The cost of trials at once is
shown relative to `study.optimize`. Regret is the distance of the best value from the minimum; a table solved exactly
counts as half of the regret of its second best entry. A ratio is of geometric means over seeds, that of all problems
the geometric mean of theirs; its interval, 95 %, resamples the seeds of both sides. The two sides draw different
numbers; `tests/search/test_same_as_optuna.py` gives both the same numbers and checks that they are equal trial by
trial.

    python benchmarks/search_quality.py [--seeds 100] [--trials 50] [--smoke]
"""

import argparse
import json
import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias, TypeVar

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState as OptunaState

from fxai.protocol import Report, TrialResult, TrialState
from fxai.search.asked_trial import AskedTrial
from fxai.search.open_search import open_search
from fxai.search.space import suggest
from fxai.search.study import Search
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import TPESampler
from fxai.spec.search.study import StudySpec
from search_problems import RATES, Params, Problem, functions, table
from smoke import parse

Regrets: TypeAlias = NDArray[np.float64]  # [problem, seed]
T = TypeVar("T")
SAMPLER = TPESampler()
PRUNER = MedianPruner(n_warmup_steps=1)


@dataclass(frozen=True, slots=True)
class Found:
    """Result of one search."""

    regret: float
    pruned: int


@dataclass(frozen=True, slots=True)
class Side:
    """What FxAI or Optuna found on all problems."""

    regrets: Regrets
    pruned: float  # trials of a search of the last problem, on average


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides, searching with so many trials at once."""

    running_trials: int
    fxai: Side
    optuna: Side


def fxai(problem: Problem, trials: int, running_trials: int, seed: int) -> Found:
    """What FxAI's search finds."""
    spec = StudySpec(
        study_name="quality",
        direction="minimize",
        parameters=problem.parameters,
        sampler=SAMPLER,
        pruner=PRUNER,
        n_trials=trials,
        seed=seed,
    )
    with open_search(spec, "sqlite:///:memory:", fingerprint={}, default_params=problem.start) as search:
        for asked in _ending_trials(trials, running_trials, seed, search.ask):
            search.tell(_end_in_fxai(search, problem, asked))
        counts = search.counts()
    assert counts.best_value is not None
    return Found(problem.regret(counts.best_value), counts.pruned)


def _end_in_fxai(search: Search, problem: Problem, asked: AskedTrial) -> TrialResult:
    curve = problem.curve(asked.params)
    for step, value in enumerate(curve[:-1], start=1):
        report = Report(asked.number, step, value)
        search.report(report)
        if search.should_prune(report):
            return TrialResult(asked.number, TrialState.PRUNED, 0.0)
    return TrialResult(asked.number, TrialState.COMPLETE, 0.0, value=curve[-1])


def plain_optuna(problem: Problem, trials: int, running_trials: int, seed: int) -> Found:
    """What plain Optuna finds: by `optimize`, or with several trials at once by ask and tell."""
    study = optuna.create_study(
        direction="minimize",
        sampler=optuna.samplers.TPESampler(
            n_startup_trials=SAMPLER.n_startup_trials,
            n_ei_candidates=SAMPLER.n_ei_candidates,
            multivariate=SAMPLER.multivariate,
            group=SAMPLER.group,
            constant_liar=SAMPLER.constant_liar,
            seed=seed,
        ),
        pruner=optuna.pruners.MedianPruner(PRUNER.n_startup_trials, PRUNER.n_warmup_steps),
    )
    study.enqueue_trial(dict(problem.start))
    if running_trials == 1:
        study.optimize(lambda trial: _end_in_optuna(problem, trial, _suggested(problem, trial)), n_trials=trials)
    else:
        _ask_and_tell(study, problem, _ending_trials(trials, running_trials, seed, lambda: _asked(study, problem)))
    pruned = study.get_trials(deepcopy=False, states=(OptunaState.PRUNED,))
    return Found(problem.regret(study.best_value), len(pruned))


def _ask_and_tell(study: optuna.Study, problem: Problem, ending: Iterator[tuple[optuna.Trial, Params]]) -> None:
    for trial, params in ending:
        try:
            study.tell(trial, _end_in_optuna(problem, trial, params))
        except optuna.TrialPruned:
            study.tell(trial, state=OptunaState.PRUNED)


def _asked(study: optuna.Study, problem: Problem) -> tuple[optuna.Trial, Params]:
    trial = study.ask()
    return trial, _suggested(problem, trial)


def _suggested(problem: Problem, trial: optuna.Trial) -> Params:
    return suggest(trial, problem.parameters, {})


def _end_in_optuna(problem: Problem, trial: optuna.Trial, params: Params) -> float:
    curve = problem.curve(params)
    for step, value in enumerate(curve[:-1], start=1):
        trial.report(value, step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return curve[-1]


def _ending_trials(trials: int, running_trials: int, seed: int, ask: Callable[[], T | None]) -> Iterator[T]:
    """Trials in the order of their ends. Each time, a random one of `running_trials` running trials ends."""
    order, running, asked = np.random.default_rng(seed), list[T](), 0
    while asked < trials or running:
        while asked < trials and len(running) < running_trials:
            trial = ask()
            if trial is None:
                raise RuntimeError("the space came to an end")
            running.append(trial)
            asked += 1
        yield running.pop(int(order.integers(len(running))))


def ratio(ours: Regrets, theirs: Regrets) -> tuple[float, float, float]:
    """Of geometric means of [problem, seed], and its interval."""
    logs = np.log(ours), np.log(theirs)
    chance, seeds = np.random.default_rng(0), ours.shape[1]
    drawn = [
        np.exp((logs[0][:, one].mean(1) - logs[1][:, other].mean(1)).mean())
        for one, other in chance.integers(seeds, size=(4000, 2, seeds))
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return float(np.exp((logs[0].mean(1) - logs[1].mean(1)).mean())), float(low), float(high)


def measure(
    problems: Sequence[Problem], trials: int, seeds: int, running_trials: int, pool: ProcessPoolExecutor
) -> Pair:
    """Searches of every problem from every seed."""

    def side(search: Callable[[Problem, int, int, int], Found]) -> Side:
        found = [
            list(pool.map(partial(search, problem, trials, running_trials), range(seeds), chunksize=5))
            for problem in problems
        ]
        regrets = np.array([[each.regret for each in row] for row in found])
        return Side(regrets, float(np.mean([each.pruned for each in found[-1]])))

    return Pair(running_trials, side(fxai), side(plain_optuna))


def show(problems: Sequence[Problem], in_turn: Pair, at_once: Pair) -> None:
    print(f"{'':<16}{'one after the other':>29}{f'{at_once.running_trials} at once':>29}  at once over optimize")
    print(f"{'median regret':<16}" + f"{'FxAI':>10}{'Optuna':>10}{'ratio':>9}" * 2 + f"{'FxAI':>15}{'Optuna':>10}")
    for row, problem in enumerate(problems):
        line = f"{problem.name:<16}"
        for pair in (in_turn, at_once):
            ours, theirs = pair.fxai.regrets[row], pair.optuna.regrets[row]
            line += f"{np.median(ours):10.3g}{np.median(theirs):10.3g}{geometric(ours) / geometric(theirs):9.2f}"
        optimize = geometric(in_turn.optuna.regrets[row])
        costs = [geometric(side.regrets[row]) / optimize for side in (at_once.fxai, at_once.optuna)]
        print(f"{line}{costs[0]:15.2f}{costs[1]:10.2f}")
    for pair in (in_turn, at_once):
        print(
            f"pruned of {problems[-1].name}, {pair.running_trials} at once: "
            f"FxAI {pair.fxai.pruned:.1f} a search, Optuna {pair.optuna.pruned:.1f}"
        )


def geometric(values: Regrets) -> float:
    return float(np.exp(np.log(values).mean()))


def shown_ratio(name: str, ours: Side, theirs: Side) -> dict[str, float]:
    """A ratio over all problems with its interval, for the last line."""
    middle, low, high = ratio(ours.regrets, theirs.regrets)
    print(f"{name}: {middle:.3f}, 95 % interval [{low:.3f}, {high:.3f}]")
    return {name: round(middle, 3), f"{name}_low": round(low, 3), f"{name}_high": round(high, 3)}


def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.simplefilter("ignore", ExperimentalWarning)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--rates", type=int, default=len(RATES), help="learning rates in the table of trainings")
    options = parse(parser, {"seeds": 2, "trials": 16, "rates": 2})
    problems = [*functions(), table(options.rates)]
    most = StudySpec(
        study_name="quality", parameters=problems[0].parameters, sampler=SAMPLER, n_trials=options.trials
    ).max_running_trials
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn"), initializer=quiet) as pool:
        in_turn, at_once = (measure(problems, options.trials, options.seeds, count, pool) for count in (1, most))
    print(f"{options.trials} trials, {options.seeds} seeds; ratios of geometric means over the seeds")
    show(problems, in_turn, at_once)
    shown_ratio("at once over optimize", at_once.fxai, in_turn.optuna)
    outcome = shown_ratio("regret_over_optuna", in_turn.fxai, in_turn.optuna)
    outcome |= shown_ratio("regret_over_optuna_in_flight", at_once.fxai, at_once.optuna)
    print(json.dumps(outcome))


if __name__ == "__main__":
    main()
