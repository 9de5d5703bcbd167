import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState as OptunaState

from fxai.errors import FingerprintError
from fxai.protocol import STANDARD_ERROR, Cause, Report, TrialError, TrialResult, TrialState
from fxai.search import attributes
from fxai.search.seeds import turn
from fxai.search.studies import load_study, study_names
from small_study import DEFAULTS, FINGERPRINT, MEMORY, Opener, ask, complete


def test_trial_0_is_the_default_and_enqueued_ones_follow(open_study: Opener) -> None:
    search = open_study(MEMORY, enqueue=({"rate": 0.01, "layers": 4, "kind": "a"}, {"kind": "b"}))
    assert ask(search).params == DEFAULTS
    assert ask(search).params == {"rate": 0.01, "layers": 4, "kind": "a"}
    assert ask(search).params["kind"] == "b"
    assert [ask(search).number for _ in range(2)] == [3, 4]


def test_seeds_follow_study_and_number(open_study: Opener) -> None:
    first, same, other = (open_study(MEMORY, seed=seed) for seed in (1, 1, 2))
    trials = [[ask(search) for _ in range(4)] for search in (first, same, other)]
    seeds = [[asked.seeds for asked in asks] for asks in trials]
    assert seeds[0] == seeds[1]
    assert len({*seeds[0], *seeds[2]}) == 8
    assert [asked.params for asked in trials[0]] == [asked.params for asked in trials[1]]
    assert [asked.params for asked in trials[0]] != [asked.params for asked in trials[2]]


def test_results_are_stored_in_the_study(open_study: Opener, url: str) -> None:
    search = open_study(url)
    good, pruned, failed = ask(search), ask(search), ask(search)
    search.tell(complete(good, 0.7))
    search.report(Report(pruned.number, 3, 0.1))
    search.tell(TrialResult(pruned.number, TrialState.PRUNED, 2.0))
    error = TrialError(Cause.TIME_LIMIT, "took longer than 5 s", "Traceback ...")
    search.tell(TrialResult(failed.number, TrialState.FAIL, 5.0, error=error))
    trials = optuna.load_study(study_name="small", storage=url).trials
    assert [trial.state for trial in trials] == [OptunaState.COMPLETE, OptunaState.PRUNED, OptunaState.FAIL]
    assert trials[0].value == 0.7
    assert attributes.metrics_of(trials[0].user_attrs) == {"sharpe": 0.35}
    assert trials[1].intermediate_values == {3: 0.1}
    assert trials[2].user_attrs[attributes.CAUSE] == "time limit"
    assert trials[2].user_attrs[attributes.MESSAGE] == "took longer than 5 s"
    counts = search.counts()
    assert (counts.complete, counts.pruned, counts.failed, counts.running) == (1, 1, 1, 0)
    assert (counts.best_trial, counts.best_value) == (0, 0.7)


def test_the_leader_has_its_standard_error(open_study: Opener) -> None:
    search = open_study(MEMORY)
    assert search.counts().standard_error is None
    for value, error in ((0.7, 0.2), (0.5, 0.1)):
        metrics = {STANDARD_ERROR: error}
        search.tell(TrialResult(ask(search).number, TrialState.COMPLETE, 1.0, value=value, metrics=metrics))
    assert search.counts().standard_error == 0.2
    search.tell(TrialResult(ask(search).number, TrialState.COMPLETE, 1.0, value=0.9))
    assert search.counts().standard_error is None


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
def test_value_that_is_not_finite_is_a_failure(open_study: Opener, value: float | None) -> None:
    search = open_study(MEMORY)
    told = search.tell(TrialResult(ask(search).number, TrialState.COMPLETE, 1.0, value=value))
    assert told.state is TrialState.FAIL
    assert told.error is not None
    assert told.error.cause is Cause.NOT_FINITE
    assert search.counts().failed == 1
    assert search.counts().best_trial is None


@pytest.mark.parametrize(("direction", "order"), [("maximize", (2, 0, 3, 1)), ("minimize", (1, 0, 3, 2))])
def test_best_trials_in_order_earlier_first_among_equals(
    open_study: Opener, direction: str, order: tuple[int, ...]
) -> None:
    search = open_study(MEMORY, direction=direction)
    for value in (0.5, 0.1, 0.9, 0.5):
        search.tell(complete(ask(search), value))
    assert search.best_numbers(10) == order
    assert search.counts().best_value == (0.9 if direction == "maximize" else 0.1)
    assert search.best_params() is not None


def test_retry_begins_the_same_trial_again(open_study: Opener, url: str) -> None:
    search = open_study(url, pruner={"type": "SuccessiveHalvingPruner", "min_resource": 1})
    asked = ask(search)
    for step in range(5):
        report = Report(asked.number, step, 0.1 * step)
        search.report(report)
        search.should_prune(report)
    again = search.retry(asked.number)
    assert (again.number, again.seeds, again.params) == (asked.number, asked.seeds, asked.params)
    assert again.attempt == 1
    trial = optuna.load_study(study_name="small", storage=url).trials[0]
    assert trial.state is OptunaState.RUNNING
    assert trial.intermediate_values == {}
    assert not any(name.startswith(attributes.RUNGS) for name in trial.system_attrs)
    assert search.retry(asked.number).attempt == 2


def test_a_returned_trial_runs_again_as_the_same_attempt(open_study: Opener) -> None:
    search = open_study(MEMORY)
    asked = ask(search)
    search.report(Report(asked.number, 1, 0.5))
    assert search.restart_returned(asked.number) == asked
    search.report(Report(asked.number, 1, 0.5))
    search.tell(complete(asked))


def test_a_requeued_trial_that_runs_counts_a_kill_of_the_run(open_study: Opener, url: str) -> None:
    first = open_study(url)
    back, again = ask(first), ask(first)
    for asked in (back, again):
        first.mark_returned(asked.number)
    first.mark_resumed(again.number)
    first.close()
    left = open_study(url).left_running
    assert [(asked.number, asked.attempt, asked.returned) for asked in left] == [
        (back.number, 0, True),
        (again.number, 1, False),
    ]


def test_seeds_of_one_trial_are_its_own_and_the_first_stays(open_study: Opener) -> None:
    one, three = (open_study(MEMORY, seeds_per_trial=count) for count in (1, 3))
    singles, triples = ([ask(search).seeds for _ in range(4)] for search in (one, three))
    assert [seeds[:1] for seeds in triples] == singles
    assert len({seed for seeds in triples for seed in seeds}) == 12


def test_whose_turn_it_is_changes_from_step_to_step() -> None:
    orders = [sorted(range(5), key=lambda number: turn(7, number, step)) for step in range(20)]
    assert {order[0] for order in orders} == set(range(5))
    assert orders != [sorted(range(5), key=lambda number: turn(8, number, step)) for step in range(20)]
    assert turn(7, 0, -1) != turn(7, 0, 1)  # a step that an objective of the user's may have


def test_what_a_dead_run_left_is_taken_up(open_study: Opener, url: str) -> None:
    first = open_study(url)
    lost, returned, done = ask(first), ask(first), ask(first)
    first.report(Report(lost.number, 1, 0.1))
    first.tell(complete(done))
    first.mark_returned(returned.number)
    first.close()
    second = open_study(url)
    assert [(asked.number, asked.attempt) for asked in second.left_running] == [(lost.number, 1), (returned.number, 0)]
    assert second.left_running[0].params == lost.params
    assert second.left_running[0].seeds == lost.seeds
    assert load_study(url, "small").trials[lost.number].intermediate_values == {}
    assert second.counts().complete == 1
    second.close()
    assert [asked.attempt for asked in open_study(url).left_running] == [2, 1]  # a put back counts once


def test_resume_repeats_no_point(open_study: Opener, url: str) -> None:
    points = []
    for _ in range(3):
        search = open_study(url, sampler={"type": "RandomSampler"})
        for _ in range(4):
            asked = ask(search)
            points.append(asked.params["rate"])
            search.tell(complete(asked))
        search.close()
    assert len(set(points)) == 12


def test_proposals_do_not_depend_on_being_resumed(open_study: Opener, tmp_path: Path) -> None:
    def points(url: str, *, resumed: bool) -> list[Any]:
        found = []
        search = open_study(url, sampler={"type": "TPESampler", "n_startup_trials": 3})
        for _ in range(8):
            if resumed:
                search.close()
                search = open_study(url, sampler={"type": "TPESampler", "n_startup_trials": 3})
            asked = ask(search)
            found.append(asked.params)
            search.tell(complete(asked, asked.params["rate"]))
        return found

    whole, resumed = (points(f"sqlite:///{tmp_path / name}", resumed=name == "b") for name in ("a", "b"))
    assert whole == resumed


def test_a_study_stores_the_settings_of_its_last_run(open_study: Opener, url: str) -> None:
    open_study(url, seed=5).close()
    open_study(url, seed=6, n_trials=30, sampler={"type": "RandomSampler"}).close()
    plan = load_study(url, "small").user_attrs[attributes.PLAN]
    assert plan["n_trials"] == 30
    assert (plan["seed"], plan["sampler"], plan["pruner"]["type"]) == (6, {"type": "RandomSampler"}, "MedianPruner")


def test_changed_fingerprint_is_refused_and_changes_nothing(open_study: Opener, url: str) -> None:
    search = open_study(url)
    search.tell(complete(ask(search)))
    search.close()
    changed = {**FINGERPRINT, "parameters": {"rate": {"low": 1e-4}}}
    with pytest.raises(FingerprintError) as refusal:
        open_study(url, fingerprint=changed)
    for words in ("parameters.rate.low: 1e-05 -> 0.0001", "study_name", "--fresh"):
        assert words in str(refusal.value)
    assert study_names(url) == ("small",)
    assert open_study(url).counts().complete == 1


def test_fresh_archives_one_study_and_no_other(open_study: Opener, url: str) -> None:
    other = open_study(url, study_name="other")
    other.tell(complete(ask(other)))
    for round_number in range(3):
        search = open_study(url, fresh=round_number > 0, fingerprint={"round": round_number})
        assert search.counts().complete == 0
        search.tell(complete(ask(search)))
    assert study_names(url) == ("other", "small~1", "small~2", "small")
    assert all(len(load_study(url, name).trials) >= 1 for name in study_names(url))


def test_study_that_fxai_did_not_make_is_refused(open_study: Opener, url: str) -> None:
    optuna.create_study(study_name="small", storage=url).add_trial(optuna.trial.create_trial(state=OptunaState.FAIL))
    with pytest.raises(FingerprintError, match="not created by FxAI"):
        open_study(url)


def test_a_study_killed_at_its_creation_is_created_again(open_study: Opener, url: str) -> None:
    optuna.create_study(study_name="small", storage=url, direction="maximize")
    assert ask(open_study(url)).params == DEFAULTS


def test_trial_added_by_somebody_else_is_taken_in(open_study: Opener, url: str) -> None:
    search = open_study(url)
    ask(search)
    optuna.load_study(study_name="small", storage=url).enqueue_trial({"layers": 3})
    numbers = [ask(search).number for _ in range(3)]
    assert sorted(numbers) == [1, 2, 3]
    assert [trial.number for trial in load_study(url, "small").trials] == [0, 1, 2, 3]


@pytest.mark.parametrize("kind", ["GridSampler", "BruteForceSampler"])
@pytest.mark.parametrize("in_flight", [1, 3])
def test_every_point_once_then_none(open_study: Opener, kind: str, in_flight: int) -> None:
    parameters = [
        {"kind": "int", "name": "layers", "low": 1, "high": 3},
        {"kind": "categorical", "name": "kind", "choices": ["a", "b"]},
    ]
    search = open_study(MEMORY, sampler={"type": kind}, parameters=parameters)
    asked, flying = [], []
    while (one := search.ask()) is not None:
        asked.append(one)
        flying.append(one)
        if len(flying) == in_flight:
            search.tell(complete(flying.pop(0)))
    for one in flying:
        search.tell(complete(one))
    assert search.ask() is None
    assert search.counts().complete == len(asked)
    assert search.counts().running == 0
    drawn = [tuple(one.params.values()) for one in asked]
    assert {(layers, kind) for layers in (1, 2, 3) for kind in "ab"} == set(drawn)
    assert len(drawn) == 6
