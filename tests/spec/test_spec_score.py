"""A score made of several metrics."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from fxai.spec.expression import ExpressionError
from fxai.spec.fingerprint import fingerprint
from fxai.spec.parameters import FloatParameter
from fxai.spec.score import with_score
from fxai.spec.study import StudySpec


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
        ({"score": "score + 1"}, "cannot be made of itself"),
        ({"score": "1 + 1"}, "names no metric"),
        ({"score": "__import__('os')"}, "not part of the language"),
    ],
)
def test_scores_that_cannot_be(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        study(**fields)


def test_of_own_code_any_metric_will_do() -> None:
    assert study(objective="code:train", score="accuracy - 0.1 * size").metric_name == "score"
