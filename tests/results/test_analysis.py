import math
from typing import Any

import optuna
import pytest
from optuna.distributions import FloatDistribution
from optuna.trial import create_trial

from fxai.protocol import STANDARD_ERROR
from fxai.results.analysis import StudyAnalysis
from fxai.results.importances.importance import importances
from fxai.results.rank_by import goal_named
from fxai.results.record import StudyRecord
from fxai.results.strict_json import json_text
from fxai.search import attributes
from results.conftest import SPACE, drawn_trial


@pytest.fixture(scope="module")
def finished() -> optuna.Study:
    """60 completed trials whose value follows their learning rate alone."""
    study = optuna.create_study(study_name="rate", direction="maximize")
    study.set_metric_names(["score"])
    study.add_trials([drawn_trial(number) for number in range(60)])
    return study


@pytest.fixture(scope="module")
def analysed(finished: optuna.Study) -> StudyAnalysis:
    return StudyAnalysis.of(finished, top=3)


def test_the_best_trials_are_the_studys(analysed: StudyAnalysis, finished: optuna.Study) -> None:
    by_value = sorted(finished.trials, key=lambda trial: -(trial.value or 0))
    assert analysed.best is not None
    assert analysed.best.number == finished.best_trial.number
    assert [trial.number for trial in analysed.top] == [trial.number for trial in by_value[:3]]


def test_importances_are_the_plots_with_intervals_that_tell_signal_from_noise(
    analysed: StudyAnalysis, finished: optuna.Study
) -> None:
    assert {each.name: each.share for each in analysed.importances} == importances(finished)
    rate, *others = analysed.importances
    assert rate.name == "training.learning_rate"
    assert rate.stands_out
    assert not all(each.stands_out for each in others)
    assert rate.low is not None
    for each in analysed.importances:
        assert each.low is not None
        assert each.high is not None
        assert 0 <= each.low <= each.high <= 1
    assert rate.high is not None
    assert rate.high > max(each.low or 0 for each in others)


def test_the_leaders_agree_on_what_matters(analysed: StudyAnalysis) -> None:
    spread = {each.name: each.spread for each in analysed.stability}
    assert spread.keys() == SPACE.keys()
    assert next(iter(spread)) == "training.learning_rate"  # in the order of importance
    assert spread["training.learning_rate"] == min(spread.values())
    assert analysed.leaders == 6


def test_it_is_the_same_each_time_and_plain_json(analysed: StudyAnalysis, finished: optuna.Study) -> None:
    again = StudyAnalysis.of(finished, top=3)
    assert json_text(again.as_json()) == json_text(analysed.as_json())
    told = analysed.as_json()
    assert told["best_trial"]["number"] == finished.best_trial.number  # type: ignore[index, call-overload]
    assert len(told["top_k_trials"]) == 3  # type: ignore[arg-type]
    assert not analysed.remarks


def test_few_trials_have_remarks_on_what_is_missing() -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trials([drawn_trial(number) for number in range(8)])
    found = StudyAnalysis.of(study)
    assert found.best is not None
    assert not found.importances
    assert (found.stability, found.edges, found.convergence.converged) == ((), (), None)
    assert [remark.partition(":")[0] for remark in found.remarks] == [
        "importances",
        "agreement of the leading trials",
    ]


def test_an_empty_study_has_an_empty_analysis(empty_study: optuna.Study) -> None:
    found = StudyAnalysis.of(empty_study)
    assert (found.best, found.top, found.importances, found.stability) == (None, (), (), ())
    assert found.remarks == ("importances and agreement of the leading trials: no trial has completed",)
    assert json_text(found.as_json())


def test_by_another_metric_its_order_counts_and_the_error_is_not_its_own() -> None:
    study = optuna.create_study(direction="maximize")
    study.set_metric_names(["score"])
    space: dict[str, Any] = {"x": FloatDistribution(0, 1)}
    for number in range(12):
        told = {"loss": (number - 5) ** 2, STANDARD_ERROR: 0.1}
        attrs = told if number != 1 else {STANDARD_ERROR: 0.1}  # one has no loss
        x = number / 12
        study.add_trial(create_trial(value=float(number), params={"x": x}, distributions=space, user_attrs=attrs))
    goal = goal_named(StudyRecord.of(study), "loss:minimize")
    found = StudyAnalysis.of(study, by=goal)
    assert found.best is not None
    assert (found.best.number, found.best.value, found.best.standard_error) == (5, 0.0, None)
    assert [trial.standard_error for trial in found.top] == [None] * len(found.top)
    assert (found.metric, found.direction, found.completed) == ("loss", "minimize", 11)
    whole = StudyAnalysis.of(study)
    assert whole.best is not None
    assert (whole.best.number, whole.best.standard_error) == (11, 0.1)


def test_of_several_objectives_it_is_by_the_first_and_the_best_is_the_knee() -> None:
    study = optuna.create_study(directions=["maximize", "minimize"])
    study.set_metric_names(["gain", "risk"])
    space: dict[str, Any] = {"x": FloatDistribution(0, 1), "y": FloatDistribution(0, 1)}
    for number in range(40):
        x, y = number / 40, math.sin(number) ** 2
        study.add_trial(create_trial(values=[x, x**4 + y], params={"x": x, "y": y}, distributions=space))
    found = StudyAnalysis.of(study)
    record = StudyRecord.of(study)
    assert found.metric == "gain"
    assert found.best == record.best
    assert found.front == len(record.front)
    assert {trial.number for trial in found.top} <= {trial.number for trial in record.front}
    assert found.importances[0].name == "x"
    assert [edge.name for edge in found.edges] == ["x"]


def test_copies_are_not_analysed() -> None:
    study = optuna.create_study(direction="maximize")
    study.add_trials([drawn_trial(number) for number in range(12)])
    copied = drawn_trial(99, value=100.0)
    copied.user_attrs[attributes.TRANSFERRED] = "first 3"
    study.add_trial(copied)
    found = StudyAnalysis.of(study)
    assert found.completed == 12
    assert all(trial.value != 100.0 for trial in found.top)
