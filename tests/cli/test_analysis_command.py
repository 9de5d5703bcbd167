"""`fxai analysis`, on a stored study."""

import json
import random
from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution
from optuna.trial import create_trial

from cli.conftest import Fxai, call_fxai

SPACE = {"x": FloatDistribution(0, 0.9), "y": CategoricalDistribution((1, 2))}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with Optuna's own study `peak`, whose value rises with x to the end of its range."""
    folder = tmp_path_factory.mktemp("peak")
    drawn = random.Random(1)  # noqa: S311 (a reproducible study, no secret)
    points = [{"x": drawn.uniform(0, 0.9), "y": drawn.choice((1, 2))} for _ in range(45)]
    study = optuna.create_study(
        study_name="peak", direction="maximize", storage=f"sqlite:///{folder / 'optuna_studies.db'}"
    )
    study.set_metric_names(["height"])
    study.add_trials(
        create_trial(value=1 - (point["x"] - 0.9) ** 2, params=point, distributions=SPACE) for point in points
    )
    return folder


def test_the_analysis_is_printed(kept: Path) -> None:
    finished = call_fxai(kept, "analysis", "peak", "--top", "2")
    assert finished.code == 0, finished
    out = finished.out
    assert out.startswith("peak: maximize height; 45 completed, 0 pruned, 0 failed\nBest trial: ")
    assert "Importance for height" in out
    row = next(line for line in out.splitlines() if line.startswith("│ x ") and " to " in line)
    assert row.rstrip(" │").endswith("yes")
    assert "  x: best 0.8" in out  # at the end of its range
    assert "the range ends at 0.9" in out
    assert "Converged: " in out
    assert "Not available yet" not in out


def test_as_json_it_is_the_record(kept: Path) -> None:
    told = json.loads(call_fxai(kept, "analysis", "peak", "--top", "2", "--json").out)
    assert len(told["top_k_trials"]) == 2
    best = json.loads(call_fxai(kept, "best", "peak", "--json").out)
    assert told["best_trial"]["number"] == best["best_trial"]
    assert next(iter(told["parameter_importance"])) == "x"
    assert told["stability"]["x"]["stable"]
    assert [edge["name"] for edge in told["edges"]] == ["x"]


def test_of_a_study_that_has_hardly_begun(fxai: Fxai, stored_study: str) -> None:
    out = fxai("analysis", stored_study).out
    assert "Best trial: 3" in out
    assert "Converged: not known; 20 finished trials are required (3 so far)" in out
    assert "Not available yet:" in out


def test_by_another_metric(fxai: Fxai, stored_study: str) -> None:
    assert fxai("analysis", stored_study, "--by", "sharpe").out.startswith("mine: maximize sharpe; 1 completed")
    refused = fxai("analysis", stored_study, "--by", "sharp")
    assert refused.code == 2
    assert "did you mean 'sharpe'?" in refused.err


def test_a_study_that_is_not_there_is_refused(fxai: Fxai, stored_study: str) -> None:
    refused = fxai("analysis", "other")
    assert refused.code == 2
    assert stored_study in refused.err
