"""A function that returns positions as an objective."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drive_workers import request_for, result_of
from fxai.market.markets.dataset import prepare_bars
from fxai.market.reading.read_bars import load_bars
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.market.scores.position_function import function_positions
from fxai.market.scores.scored_positions import bars_before_test, score_positions, scored_windows
from fxai.pool import LocalPool
from fxai.protocol import MARKET_ERROR, STANDARD_ERROR, LanePlan, Slot, TrialPaths, TrialRequest, TrialState
from fxai.spec.search.metrics import METRICS
from fxai.spec.search.positions_config import scored_market

CODE = str(Path(__file__).parent)
CONFIG: dict[str, Any] = {"data": {"source": "planted_1h:3"}, "env": {"spread": 0.0001}}


def request(function: str, folder: Path, number: int = 1, **more: Any) -> TrialRequest:
    made = request_for(f"positions of position_rules:{function}", number, folder)
    return replace(made, folder=CODE, metric="sharpe", config={**CONFIG, **more})


@pytest.fixture(scope="module")
def workers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    plan = LanePlan("positions of position_rules:crossing", {}, folder=CODE)
    with LocalPool([Slot(0)], tmp_path_factory.mktemp("logs"), plan) as opened:
        yield opened


def expected(**arguments: Any) -> Any:
    config = scored_market(CONFIG)
    bars = load_bars(config.data)
    market = prepare_bars(bars, config.data)
    positions = function_positions(bars_before_test(bars, market), "position_rules:crossing", CODE, arguments)
    return market, config, score_positions(market, positions, config)


def test_a_trial_has_the_metrics_of_the_traded_positions(workers: LocalPool, tmp_path: Path) -> None:
    result = result_of(workers, request("crossing", tmp_path, fast=8, slow=60))
    market, config, score = expected(fast=8, slow=60)
    assert result.state is TrialState.COMPLETE
    assert result.value == pytest.approx(score.metrics["sharpe"], rel=1e-9)
    others = {name: score.metrics[name] for name in METRICS if name != "sharpe"}
    assert {name: result.metrics[name] for name in others} == pytest.approx(others, rel=1e-9)
    assert result.metrics[STANDARD_ERROR] == result.metrics[MARKET_ERROR] > 0
    returns = read_bar_returns(TrialPaths(request("crossing", tmp_path).directory).returns)
    assert returns.windows == (scored_windows(market, config),)
    np.testing.assert_allclose(returns.returns[0], score.returns, atol=1e-9)


def test_a_formula_has_its_own_error(workers: LocalPool, tmp_path: Path) -> None:
    made = replace(request("crossing", tmp_path, 2), metric="score", score="2 * sharpe")
    result = result_of(workers, made)
    _, _, score = expected()
    assert result.value == pytest.approx(2 * score.metrics["sharpe"])
    assert result.metrics[STANDARD_ERROR] == pytest.approx(2 * result.metrics["sharpe_error"], rel=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"speed": 3}, "objective.function position_rules:crossing with speed=3 failed on planted_1h:3: TypeError"),
        ({"fast": 0}, "objective.function position_rules:crossing"),
        ({"data": {"source": "nowhere.csv"}}, "nowhere.csv"),
    ],
)
def test_an_error_is_one_message_of_the_trial(
    workers: LocalPool, tmp_path: Path, arguments: dict[str, Any], message: str
) -> None:
    result = result_of(workers, request("crossing", tmp_path, 3, **arguments))
    assert result.state is TrialState.FAIL
    assert result.error is not None
    assert message in result.error.message
    assert not result.error.traceback


def test_the_function_gets_no_bar_of_the_test_split(workers: LocalPool, tmp_path: Path) -> None:
    market, *_ = expected()
    last = str(market.time[market.splits.validation.stop - 1])
    result = result_of(workers, request("crossing", tmp_path, 5, last=last))
    assert result.state is TrialState.COMPLETE, result.error
    earlier = str(market.time[market.splits.validation.stop - 2])
    assert result_of(workers, request("crossing", tmp_path, 6, last=earlier)).state is TrialState.FAIL


def test_several_seeds_are_one_computation(workers: LocalPool, tmp_path: Path) -> None:
    result = result_of(workers, replace(request("crossing", tmp_path, 4), seeds=(1, 2, 3)))
    assert result.value is not None
    assert math.isfinite(result.value)
    assert result.metrics[STANDARD_ERROR] == result.metrics[MARKET_ERROR]
