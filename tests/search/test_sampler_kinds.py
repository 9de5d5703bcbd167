import copy
import typing
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.trial import TrialState as OptunaState

from fxai.protocol import Report, TrialResult, TrialState
from fxai.search.samplers import Samplers
from fxai.search.seeds import sampler_seed, trial_seed
from fxai.search.space import suggest
from fxai.spec.search.pruners import OptunaPruner
from fxai.spec.search.samplers import OptunaSampler, TPESampler
from small_study import MEMORY, PARAMETERS, Opener, ask, complete

FINITE = [
    {"kind": "float", "name": "rate", "low": 0.0, "high": 0.4, "step": 0.1},
    {"kind": "int", "name": "layers", "low": 1, "high": 3},
]
ARGUMENTS: dict[str, dict[str, Any]] = {
    "PercentilePruner": {"percentile": 25.0, "n_startup_trials": 2, "n_warmup_steps": 0},
    "ThresholdPruner": {"lower": 0.0, "n_warmup_steps": 0},
    "PatientPruner": {"patience": 1, "wrapped_pruner": {"type": "MedianPruner", "n_warmup_steps": 0}},
    "MedianPruner": {"n_startup_trials": 2, "n_warmup_steps": 0},
    "SuccessiveHalvingPruner": {"min_resource": 1, "reduction_factor": 2},
    "HyperbandPruner": {"min_resource": 1, "max_resource": 4},
}


def kinds(union: object) -> list[str]:
    records = typing.get_args(typing.get_args(union)[0])
    return sorted(record.__name__ for record in records)


@pytest.mark.parametrize("kind", kinds(OptunaSampler))
def test_every_sampler_proposes_within_the_space(open_study: Opener, kind: str) -> None:
    finite = {"parameters": FINITE} if kind in {"GridSampler", "BruteForceSampler"} else {}
    search = open_study(MEMORY, sampler={"type": kind}, **finite)
    drawn = set()
    for _ in range(12):
        asked = ask(search)
        drawn.add(tuple(asked.params.values()))
        params: dict[str, Any] = dict(asked.params)
        assert 1 <= params["layers"] <= 4
        assert asked.params.get("kind", "a") in {"a", "b"}
        search.tell(complete(asked, -abs(params["rate"] - 0.01)))
    assert search.counts().complete == 12
    assert len(drawn) >= 11


@pytest.mark.parametrize("kind", ["QMCSampler", "CmaEsSampler"])
def test_what_the_sequence_does_not_cover_is_drawn_anew(open_study: Opener, kind: str) -> None:
    search = open_study(MEMORY, sampler={"type": kind})
    chosen = []
    for _ in range(12):
        asked = ask(search)
        chosen.append(asked.params["kind"])
        search.tell(complete(asked))
    assert set(chosen) == {"a", "b"}


@pytest.mark.parametrize("kind", kinds(OptunaPruner))
def test_every_pruner_decides(open_study: Opener, kind: str) -> None:
    search = open_study(MEMORY, pruner={"type": kind, **ARGUMENTS.get(kind, {})})
    pruned = set()
    for number in range(8):
        asked = ask(search)
        quality = -1.0 if number % 2 else 1.0
        state = TrialState.COMPLETE
        for step in range(1, 5):
            report = Report(asked.number, step, quality)
            search.report(report)
            if search.should_prune(report):
                state = TrialState.PRUNED
                pruned.add(number)
                break
        search.tell(TrialResult(asked.number, state, 1.0, value=quality if state is TrialState.COMPLETE else None))
    if kind == "NopPruner":
        assert not pruned
    if kind in {"MedianPruner", "PercentilePruner", "ThresholdPruner", "SuccessiveHalvingPruner"}:
        assert pruned & {1, 3, 5, 7}
        assert kind == "SuccessiveHalvingPruner" or pruned <= {1, 3, 5, 7}
    assert search.counts().finished == 8


def test_grid_takes_what_an_enqueued_trial_leaves_open_from_the_default(open_study: Opener) -> None:
    search = open_study(MEMORY, sampler={"type": "GridSampler"}, parameters=FINITE, enqueue=({"layers": 1},))
    assert ask(search).params == {"rate": 0.0, "layers": 2}  # the default rate lies below the first step
    assert ask(search).params == {"rate": 0.0, "layers": 1}


def test_the_seed_of_a_sampler_overrides_that_of_the_study(open_study: Opener) -> None:
    def points(seed: int, own: int | None) -> list[Any]:
        search = open_study(MEMORY, seed=seed, sampler={"type": "RandomSampler", "seed": own})
        return [ask(search).params for _ in range(3)][1:]

    assert points(1, own=7) == points(2, own=7) != points(1, own=None)


def test_seeds_of_numbers_and_purposes_differ() -> None:
    seeds = [of(study, number) for of in (trial_seed, sampler_seed) for study in (0, 1) for number in range(50)]
    assert len(set(seeds)) == 200
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_sampler_arguments_arrive() -> None:
    record = TPESampler(n_startup_trials=3, n_ei_candidates=5, multivariate=False)
    sampler = Samplers(record, (), study_seed=0).for_trial(0)
    assert isinstance(sampler, optuna.samplers.TPESampler)
    assert (sampler._n_startup_trials, sampler._n_ei_candidates, sampler._multivariate) == (3, 5, False)


CURVES = st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["complete", "prune", "fail"])), min_size=8, max_size=20)


@pytest.mark.parametrize("options", [{}, {"multivariate": False}, {"group": True}, {"constant_liar": False}])
@settings(max_examples=5, deadline=None)
@given(curves=CURVES, in_flight=st.integers(1, 4), leave_out=st.booleans())
def test_tpe_proposes_what_optunas_own_would(
    options: dict[str, bool],
    curves: list[tuple[float, str]],
    in_flight: int,
    leave_out: bool,  # noqa: FBT001
) -> None:
    """Any results, with running trials, and with a parameter that some trials lack."""
    study = optuna.create_study(direction="maximize")
    samplers = Samplers(TPESampler(n_startup_trials=4, **options), PARAMETERS, study_seed=3)
    flying = []
    for number, (value, end) in enumerate(curves):
        space = PARAMETERS[:2] if leave_out and number % 5 == 4 else PARAMETERS
        known = copy.deepcopy(study)
        settings: dict[str, Any] = {"multivariate": True, **options}
        own = optuna.samplers.TPESampler(n_startup_trials=4, seed=sampler_seed(3, number), **settings)
        study.sampler, known.sampler = samplers.for_trial(number), own
        trial, expected = study.ask(), known.ask()
        assert suggest(trial, space, {}) == suggest(expected, space, {})
        trial.report(value / 2, 1)
        flying.append((trial, value, end))
        if len(flying) == in_flight:
            finish(study, *flying.pop(number % in_flight))


def finish(study: optuna.Study, trial: optuna.Trial, value: float, end: str) -> None:
    if end == "complete":
        study.tell(trial, value + trial.params["rate"])
    else:
        study.tell(trial, state=OptunaState.PRUNED if end == "prune" else OptunaState.FAIL)
