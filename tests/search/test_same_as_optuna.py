"""A whole search is plain Optuna's, number for number, once both draw from the same seeds.

What stands between them and may make no difference: FxAI's storage, its remembering TPE, its way of asking a
space, reporting and deciding. On Optuna's side nothing of FxAI is used but the seed of each trial.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.samplers import BaseSampler
from optuna.trial import TrialState as OptunaState

from fxai.protocol import Cause, ParamValue, Report, TrialError, TrialResult, TrialState
from fxai.search.seeds import sampler_seed
from fxai.search.study import Search
from small_study import DEFAULTS, MEMORY, Opener, ask

SEED = 5
TRIALS = 40
REPORTS = 4
MOMENTUM = {"kind": "float", "name": "momentum", "low": 0.0, "high": 1.0, "when": {"kind": "a"}}
SPACE = [
    {"kind": "float", "name": "rate", "low": 1e-5, "high": 1e-1, "log": True},
    {"kind": "int", "name": "layers", "low": 1, "high": 9, "step": 2},
    {"kind": "categorical", "name": "kind", "choices": ["a", "b", "c"]},
    {"kind": "float", "name": "share", "low": 0.0, "high": 1.0},
]
OPTIONS = [{}, {"multivariate": False}, {"group": True}, {"constant_liar": False}]

Params = dict[str, ParamValue]


def define_by_run(trial: optuna.Trial, *, conditional: bool) -> Params:
    """The space as a user of Optuna writes it."""
    params: Params = {
        "rate": trial.suggest_float("rate", 1e-5, 1e-1, log=True),
        "layers": trial.suggest_int("layers", 1, 9, step=2),
        "kind": trial.suggest_categorical("kind", ["a", "b", "c"]),
        "share": trial.suggest_float("share", 0.0, 1.0),
    }
    if conditional and params["kind"] == "a":
        params["momentum"] = trial.suggest_float("momentum", 0.0, 1.0)
    return params


def quality(params: Mapping[str, Any]) -> float:
    distance = abs(np.log10(params["rate"]) + 3) + abs(params["layers"] - 5) / 4 + abs(params["share"] - 0.7)
    return float(-distance - (params["kind"] != "a") - params.get("momentum", 0.0))


def curve(params: Params) -> list[float]:
    return [quality(params) - 1 / step for step in range(1, REPORTS + 1)]


def fails(number: int) -> bool:
    """At once, before a report could prune it."""
    return number % 11 == 7


def tpe(number: int, options: dict[str, bool]) -> BaseSampler:
    own: dict[str, Any] = {"multivariate": True, "constant_liar": True, **options}
    return optuna.samplers.TPESampler(n_startup_trials=6, seed=sampler_seed(SEED, number), **own)


def plain_study(options: dict[str, bool]) -> optuna.Study:
    """In memory, begun with what FxAI begins with."""
    pruner = optuna.pruners.MedianPruner(n_startup_trials=3, n_warmup_steps=1)
    study = optuna.create_study(direction="maximize", sampler=tpe(0, options), pruner=pruner)
    study.enqueue_trial({**DEFAULTS, "layers": 1, "share": 0.5})
    return study


def fxai_study(open_study: Opener, options: dict[str, bool], *, conditional: bool) -> Search:
    return open_study(
        MEMORY,
        seed=SEED,
        n_trials=TRIALS,
        sampler={"type": "TPESampler", "n_startup_trials": 6, **options},
        pruner={"type": "MedianPruner", "n_startup_trials": 3, "n_warmup_steps": 1},
        parameters=[*SPACE, MOMENTUM] if conditional else SPACE,
        enqueue=(),
    )


class Flying:
    """A trial of FxAI's search, one report at a time."""

    def __init__(self, search: Search) -> None:
        asked = ask(search)
        self.number, self.params = asked.number, dict(asked.params)
        self.state: TrialState | None = None
        self._search = search
        self._left = list(enumerate(curve(self.params), start=1))

    def go_on(self) -> TrialState | None:
        """To the next report, or to the end; the state it ends in."""
        if fails(self.number):
            self._tell(TrialState.FAIL, error=TrialError(Cause.EXCEPTION, "planned"))
        elif self._left:
            step, value = self._left.pop(0)
            report = Report(self.number, step, value)
            self._search.report(report)
            if self._search.should_prune(report):
                self._tell(TrialState.PRUNED)
        else:
            self._tell(TrialState.COMPLETE, value=quality(self.params))
        return self.state

    def _tell(self, state: TrialState, value: float | None = None, error: TrialError | None = None) -> None:
        self.state = state
        self._search.tell(TrialResult(self.number, state, 1.0, value=value, error=error))


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("options", OPTIONS)
def test_one_by_one_it_is_optimize(open_study: Opener, options: dict[str, bool], *, conditional: bool) -> None:
    study = plain_study(options)

    def objective(trial: optuna.Trial) -> float:
        params = define_by_run(trial, conditional=conditional)
        if fails(trial.number):
            raise ArithmeticError
        for step, value in enumerate(curve(params), start=1):
            trial.report(value, step)
            if trial.should_prune():
                raise optuna.TrialPruned
        return quality(params)

    def reseed(study: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        study.sampler = tpe(trial.number + 1, options)

    study.optimize(objective, n_trials=TRIALS, callbacks=[reseed], catch=ArithmeticError)
    search = fxai_study(open_study, options, conditional=conditional)
    for theirs in study.trials:
        ours = Flying(search)
        while ours.go_on() is None:
            pass
        assert (ours.number, ours.params) == (theirs.number, theirs.params)
        assert ours.state is not None
        assert ours.state.name == theirs.state.name
    assert_all_kinds_took_part(study)
    assert (search.counts().best_trial, search.counts().best_value) == (study.best_trial.number, study.best_value)


@pytest.mark.parametrize("conditional", [False, True])
@pytest.mark.parametrize("options", OPTIONS)
def test_in_flight_it_is_ask_and_tell(open_study: Opener, options: dict[str, bool], *, conditional: bool) -> None:
    """Seven running trials; a random one of them reports next."""
    study, search = plain_study(options), fxai_study(open_study, options, conditional=conditional)
    order = np.random.default_rng(SEED)
    flying: list[tuple[Flying, optuna.Trial]] = []
    begun = 0
    while begun < TRIALS or flying:
        while begun < TRIALS and len(flying) < 7:
            study.sampler = tpe(begun, options)
            theirs = study.ask()
            ours = Flying(search)
            assert ours.params == define_by_run(theirs, conditional=conditional), f"trial {begun}"
            flying.append((ours, theirs))
            begun += 1
        chosen = int(order.integers(len(flying)))
        if go_on_together(study, *flying[chosen]):
            del flying[chosen]
    assert_all_kinds_took_part(study)
    assert (search.counts().best_trial, search.counts().best_value) == (study.best_trial.number, study.best_value)


def go_on_together(study: optuna.Study, ours: Flying, theirs: optuna.Trial) -> bool:
    """One report of a trial, or its end, on both sides; whether it has ended."""
    state = ours.go_on()
    step = len(study.trials[theirs.number].intermediate_values) + 1
    if fails(theirs.number):
        study.tell(theirs, state=OptunaState.FAIL)
    elif step > REPORTS:
        study.tell(theirs, quality(theirs.params))
    else:
        theirs.report(curve(theirs.params)[step - 1], step)
        if theirs.should_prune():
            study.tell(theirs, state=OptunaState.PRUNED)
    ended = study.trials[theirs.number].state
    assert (state.name if state else "RUNNING") == ended.name, f"trial {theirs.number} at step {step}"
    return ended.is_finished()


def assert_all_kinds_took_part(study: optuna.Study) -> None:
    """Checks that the comparison covers completed, pruned and failed trials."""
    states = [trial.state for trial in study.trials]
    assert len(states) == TRIALS
    assert set(states) == {OptunaState.COMPLETE, OptunaState.PRUNED, OptunaState.FAIL}
