"""Metrics that are fractions read as percent in every command that shows them."""

from pathlib import Path

import optuna
import pytest
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.trial import create_trial

from cli.conftest import call_fxai
from fxai.protocol import STANDARD_ERROR
from fxai.search import attributes

EMPTY: dict[str, object] = {"parameters": {}, "training_config": {}}
SPACE: dict[str, BaseDistribution] = {"x": FloatDistribution(0, 1)}


@pytest.fixture(scope="module")
def returns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study `returns` of trading agents and the study `mine` of a user's own code."""
    folder = tmp_path_factory.mktemp("returns")
    data = {"source": "eurusd_1h"}
    for name, fingerprint in (("returns", {"data": data, **EMPTY}), ("mine", {**EMPTY})):
        storage = f"sqlite:///{folder / 'optuna_studies.db'}"
        study = optuna.create_study(study_name=name, direction="maximize", storage=storage)
        study.set_metric_names(["total_return"])
        study.set_user_attr(attributes.FINGERPRINT, fingerprint)
        for value in (0.01, 0.05, 0.03):
            errors = {STANDARD_ERROR: 0.005}
            study.add_trial(create_trial(value=value, params={"x": value}, distributions=SPACE, user_attrs=errors))
    return folder


def test_a_comparison_shows_percent_unless_a_metric_is_the_users_own(returns: Path) -> None:
    out = call_fxai(returns, "compare", "returns", "mine").out
    assert "5.00 ± 0.50 %" in out
    assert "0.0500 ± 0.0050 " in out
    assert "0.0500 ± 0.0050 %" not in out
    page = next(returns.rglob("compare.html")).read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert "5.00 ± 0.50 %" in page


@pytest.mark.parametrize("command", ["best", "results", "analysis"])
def test_a_fraction_of_fxais_own_reads_as_percent(returns: Path, command: str) -> None:
    assert "5.00 ± 0.50 %" in call_fxai(returns, command, "returns").out


@pytest.mark.parametrize("command", ["best", "results", "analysis"])
def test_a_metric_of_the_users_own_stays_as_it_is(returns: Path, command: str) -> None:
    out = call_fxai(returns, command, "mine").out
    assert "0.0500 ± 0.0050" in out
    assert "0.0500 ± 0.0050 %" not in out


def test_the_index_page_shows_percent(returns: Path) -> None:
    assert call_fxai(returns, "report", "--all").code == 0
    (index,) = returns.rglob("index.html")
    page = index.read_text(encoding="utf-8").replace("\N{NO-BREAK SPACE}", " ")
    assert "5.00 ± 0.50 % (trial 1)" in page
    assert "0.0500 ± 0.0050 (trial 1)" in page
