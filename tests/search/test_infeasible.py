"""Proposals that break a constraint: never trained, never counted, known to the sampler."""

from typing import Any

import optuna
import pytest
from optuna.trial import TrialState as OptunaState

from fxai.search import attributes
from fxai.search import study as search_study
from fxai.search.studies import load_study, summaries
from fxai.spec.search.constraints import violation
from small_study import MEMORY, Opener, ask, complete

CONSTRAINT = "rate * layers <= 0.02"


def test_only_feasible_trials_are_trained_and_none_of_the_others_counts(open_study: Opener, url: str) -> None:
    search = open_study(url, constraints=[CONSTRAINT])
    for _ in range(15):
        asked = ask(search)
        assert violation(CONSTRAINT, asked.params) <= 0
        search.tell(complete(asked, asked.params["rate"]))
    counts = search.counts()
    assert (counts.complete, counts.pruned, counts.running, counts.finished) == (15, 0, 0, 15)
    trials = optuna.load_study(study_name="small", storage=url).trials
    passed_over = [trial for trial in trials if attributes.INFEASIBLE in trial.user_attrs]
    assert len(passed_over) == counts.infeasible == len(trials) - 15 > 0
    for trial in trials:
        amount = violation(CONSTRAINT, trial.params)
        assert trial.constraints == {CONSTRAINT: amount}
        assert (amount > 0) is (trial in passed_over)
        assert trial.state is (OptunaState.PRUNED if amount > 0 else OptunaState.COMPLETE)
    (summary,) = summaries(url)
    assert (summary.counts.complete, summary.counts.pruned) == (15, 0)


def test_a_resumed_study_has_its_uncounted_trials(open_study: Opener, url: str) -> None:
    search = open_study(url, constraints=[CONSTRAINT])
    for _ in range(8):
        search.tell(complete(ask(search)))
    before = search.counts()
    search.close()
    assert open_study(url, constraints=[CONSTRAINT]).counts() == before
    assert before.infeasible > 0


def test_the_sampler_learns_to_keep_the_constraint(open_study: Opener) -> None:
    """Two thirds of random points break it; of TPE's late ones far fewer."""
    search = open_study(MEMORY, constraints=["rate <= 2e-3"], n_trials=60)
    infeasible = []
    for _ in range(60):
        asked = ask(search)
        infeasible.append(search.counts().infeasible)
        search.tell(complete(asked, asked.params["rate"]))
    early, late = infeasible[15], infeasible[-1] - infeasible[44]
    assert late < early


def test_a_space_without_a_feasible_point_ends_the_search(open_study: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_study, "INFEASIBLE_IN_A_ROW", 20)
    search = open_study(MEMORY, constraints=["rate > 1"])
    assert search.ask() is None
    assert search.exhausted == "20 proposals in a row broke the study's constraints"
    assert search.counts().infeasible == 20
    assert search.ask() is None


def test_a_grid_is_walked_to_its_end_however_few_of_its_points_are_feasible(
    open_study: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_study, "INFEASIBLE_IN_A_ROW", 5)
    parameters = [{"kind": "int", "name": "x", "low": 0, "high": 29}]
    for sampler in ("GridSampler", "BruteForceSampler"):
        search = open_study(MEMORY, parameters=parameters, sampler={"type": sampler}, constraints=["x == 17"])
        asked = ask(search)
        assert asked.params == {"x": 17}
        search.tell(complete(asked))
        assert search.ask() is None
        assert search.exhausted == "every point of the search space was tried"


def test_points_that_the_spec_names_may_be_infeasible_too(open_study: Opener) -> None:
    """Trial 0 is the default configuration, with layers 2, then comes what the spec enqueues."""
    search = open_study(MEMORY, constraints=["layers != 2 and layers != 3"], enqueue=({"layers": 3}, {"layers": 4}))
    asked = ask(search)
    assert asked.number == 2
    assert asked.params["layers"] == 4


def test_what_does_not_exist_is_not_stored(open_study: Opener, url: str) -> None:
    parameters = [
        {"kind": "categorical", "name": "kind", "choices": ("a", "b")},
        {"kind": "float", "name": "of_a", "low": 0, "high": 1, "when": {"kind": "a"}},
        {"kind": "int", "name": "of_b", "low": 0, "high": 9, "when": {"kind": ["b"]}},
        {"kind": "float", "name": "deep", "low": 0, "high": 1, "when": {"of_b": [7, 8, 9]}},
    ]
    search = open_study(url, parameters=parameters, n_trials=40)
    for _ in range(40):
        search.tell(complete(ask(search), 0.1))
    trials = load_study(url, "small").trials
    assert {trial.params["kind"] for trial in trials} == {"a", "b"}
    for trial in trials:
        branch = {"of_a"} if trial.params["kind"] == "a" else {"of_b"}
        deep = {"deep"} if trial.params.get("of_b", 0) >= 7 else set()
        assert set(trial.params) == {"kind"} | branch | deep
    assert any("deep" in trial.params for trial in trials)


@pytest.mark.parametrize("sampler", ["CmaEsSampler", "GPSampler", "QMCSampler", "NSGAIISampler", "BruteForceSampler"])
def test_every_sampler_asks_conditional_and_constrained_spaces(open_study: Opener, sampler: str) -> None:
    parameters = [
        {"kind": "categorical", "name": "kind", "choices": ("a", "b")},
        {"kind": "int", "name": "x", "low": 0, "high": 6},
        {"kind": "int", "name": "of_b", "low": 0, "high": 3, "when": {"kind": ["b"]}},
    ]
    search = open_study(MEMORY, parameters=parameters, sampler={"type": sampler}, constraints=["x >= 2"], n_trials=14)
    for _ in range(14):
        asked = ask(search)
        x: Any = asked.params["x"]
        assert x >= 2
        assert ("of_b" in asked.params) is (asked.params["kind"] == "b")
        search.tell(complete(asked, float(x)))
