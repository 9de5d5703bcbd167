"""Metrics under the names that others have for them."""

from dataclasses import fields
from typing import Any

import pytest

from fxai.market.scores.metrics import Performance
from fxai.spec.reading.load import spec_of
from fxai.spec.search.metrics import METRICS, Metrics
from fxai.spec.search.score import with_score
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import YamlSource


def read(settings: dict[str, Any]) -> StudySpec:
    parameters = {"training.gamma": {"type": "float", "low": 0.9, "high": 0.99}}
    written: Any = {"name": "a", "studies": [{"study_name": "a", "parameters": parameters, **settings}]}
    return spec_of(YamlSource("a.yaml", written, {})).studies[0]


@pytest.mark.parametrize(
    ("synonym", "stored"),
    [("cumulative_return", "total_return"), ("sharpe_ratio", "sharpe"), ("sortino_ratio", "sortino")],
)
def test_a_synonym_means_the_stored_metric(synonym: str, stored: str) -> None:
    assert read({"metric_name": synonym}).metric_name == stored
    goals = [{"metric": synonym}, {"metric": "turnover", "direction": "minimize"}]
    assert read({"objectives": goals}).goals[0].metric == stored
    metrics = Metrics({stored: 0.5})
    assert metrics[synonym] == metrics.get(synonym) == metrics[stored] == 0.5
    assert synonym in metrics
    assert dict(metrics) == {stored: 0.5}  # what is stored stays
    assert with_score(metrics, f"2 * {synonym}")["score"] == 1.0


def test_an_exact_metric_name_overrides_a_synonym() -> None:
    metrics = Metrics({"total_return": 0.5, "cumulative_return": 0.7})
    assert metrics["cumulative_return"] == metrics.get("cumulative_return") == 0.7
    assert with_score(metrics, "cumulative_return")["score"] == 0.7


def test_a_metric_that_is_not_there_is_a_key_error() -> None:
    metrics = Metrics({"sharpe": 1.0})
    assert "cumulative_return" not in metrics
    assert metrics.get("cumulative_return", 3) == 3
    with pytest.raises(KeyError, match="nope"):
        metrics["nope"]


def test_each_figure_of_a_run_is_a_metric_that_a_study_may_have() -> None:
    of_rewards = {"mean_reward", "val_loss"}
    assert set(METRICS) == of_rewards | {field.name for field in fields(Performance)}
    for name in METRICS:
        assert read({"metric_name": name}).metric_name == name
