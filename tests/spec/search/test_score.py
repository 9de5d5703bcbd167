"""A score made of several metrics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fxai.spec.checks.advice import advice
from fxai.spec.search.expression import LONGEST, ExpressionError
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.score import with_score
from fxai.spec.search.study import StudySpec


def study(**fields: object) -> StudySpec:
    parameter = FloatParameter(name="training.gamma", low=0.9, high=0.99)
    return StudySpec(study_name="s", parameters=(parameter,), **fields)


@given(st.floats(-10, 10), st.floats(0, 1))
def test_it_is_computed_of_the_metrics(sharpe: float, drawdown: float) -> None:
    metrics = {"sharpe": sharpe, "max_drawdown": drawdown}
    made = with_score(metrics, "sharpe_ratio - 0.5 * max_drawdown")
    assert made == {**metrics, "score": sharpe - 0.5 * drawdown}
    assert with_score(metrics, "") == metrics


@pytest.mark.parametrize("formula", ["sharpe / max_drawdown", "sharpe - turnover", "log(max_drawdown)", "'a' + sharpe"])
def test_what_cannot_be_computed_says_so(formula: str) -> None:
    with pytest.raises(ExpressionError):
        with_score({"sharpe": 1.0, "max_drawdown": 0.0}, formula)


def test_it_is_what_is_optimised_unless_another_is_named() -> None:
    assert study(score="sharpe - max_drawdown").metric_name == "score"
    assert study(score="sharpe - max_drawdown", metric_name="sharpe").metric_name == "sharpe"
    several = study(score="sharpe - max_drawdown", objectives=[{"metric": "score"}, {"metric": "turnover"}])
    assert several.metric_name == "score"
    assert "score" in fingerprint(several)
    assert "score" not in fingerprint(study())


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"metric_name": "score"}, "no metric 'score'"),
        ({"score": "sharp - 1"}, "no metric 'sharp'; did you mean 'sharpe'"),
        ({"score": "score + 1"}, "must not contain itself"),
        ({"score": "1 + 1"}, "names no metric"),
        ({"score": "__import__('os')"}, "is not allowed"),
        ({"score": "acc@1"}, "names with other characters in quotes"),
        ({"score": "mean reward"}, "names with other characters in quotes"),
        ({"score": "'' + sharpe"}, "a name in quotes must not be empty"),
        ({"score": "'score' + 1"}, "must not contain itself"),
        ({"score": "'sharp ratio' + 1"}, "no metric 'sharp ratio'"),
    ],
)
def test_scores_that_cannot_be(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        study(**fields)


@given(names=st.lists(st.text(min_size=1).filter(str.strip), min_size=2, max_size=3, unique=True))
def test_a_name_in_quotes_holds_any_character(names: list[str]) -> None:
    metrics = {name: float(place) for place, name in enumerate(names, start=1)}
    formula = " - ".join(repr(name) for name in names)
    if len(formula) <= LONGEST and "score" not in names:
        first, *others = metrics.values()
        assert with_score(metrics, formula)["score"] == first - sum(others)


def test_slashes_divide_unless_the_name_is_in_quotes() -> None:
    metrics = {"eval/mean_reward": 3.0, "eval": 1.0, "mean_reward": 2.0}
    assert with_score(metrics, "eval/mean_reward")["score"] == 0.5
    assert with_score(metrics, '"eval/mean_reward" - max("eval", 2)')["score"] == 1.0
    assert with_score({"sharpe": 2.0}, '"sharpe_ratio" * 2')["score"] == 4.0


def test_names_reported_in_another_spelling_are_suggested() -> None:
    with pytest.raises(ExpressionError) as caught:
        with_score({"eval/mean_reward": 1.0, "train/loss": 2.0, "lr": 3.0}, "eval/mean_reward - 0.1 * train/loss")
    assert "needs eval, mean_reward, train, loss" in str(caught.value)
    assert """write names such as eval/mean_reward, train/loss in quotes: score: '"eval/mean_reward" - """ in str(
        caught.value
    )
    assert """0.1 * "train/loss"'""" in str(caught.value)
    with pytest.raises(ExpressionError) as caught:
        with_score({"train/loss": 2.0}, "accuracy - 1")
    assert "in quotes" not in str(caught.value)


def test_check_warns_of_a_quotient_that_may_be_a_name() -> None:
    def warnings_of(score: str) -> list[str]:
        return [line for line in advice(study(objective="code:train", score=score)) if "a quotient" in line]

    (line,) = warnings_of("eval/mean_reward - 0.1 * train/loss")
    assert line.startswith("score reads eval/mean_reward, train/loss as a quotient; ")
    assert """score: '"eval/mean_reward" - 0.1 * "train/loss"'""" in line
    assert warnings_of("eval / mean_reward") == []
    assert warnings_of('"eval/mean_reward" / 2') == []
    assert warnings_of("eval/2 + (eval)/loss + eval/max(loss, 1)") == []


def test_of_own_code_any_metric_will_do() -> None:
    assert study(objective="code:train", score="accuracy - 0.1 * size").metric_name == "score"
