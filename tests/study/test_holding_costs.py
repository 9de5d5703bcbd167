"""The warning about positions that cost nothing overnight."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fxai.spec.search.study import StudySpec
from fxai.study.holding_costs import holding_cost_advice

GAMMA = {"name": "training.gamma", "type": "float", "low": 0.9, "high": 0.99}


def study(*, env: dict[str, Any] | None = None, source: str = "eurusd_1h", **fields: Any) -> StudySpec:
    config = {"data": {"source": source}, "env": env or {}}
    return StudySpec.model_validate({"study_name": "s", "parameters": [GAMMA], "training_config": config, **fields})


def test_it_counts_the_nights_of_the_bars() -> None:
    (line,) = holding_cost_advice(study())
    assert line.startswith("env.swap_long_rate and env.swap_short_rate are 0, and the bars span 361 nights")


@pytest.mark.parametrize("env", [{"swap_long_rate": 0.0001}, {"swap_short_rate": -0.0001}])
def test_a_study_with_a_swap_rate_has_no_warning(env: dict[str, Any]) -> None:
    assert holding_cost_advice(study(env=env)) == ()


def test_a_searched_rate_custom_code_and_missing_data_have_no_warning(tmp_path: Path) -> None:
    rate = {"name": "env.swap_long_rate", "type": "float", "low": 0.0, "high": 0.001}
    assert holding_cost_advice(study(parameters=[rate])) == ()
    assert holding_cost_advice(study(source=str(tmp_path / "missing.csv"))) == ()
    own = {"study_name": "s", "parameters": [{**GAMMA, "name": "x"}], "objective": "code:train"}
    assert holding_cost_advice(StudySpec.model_validate(own)) == ()


def test_positions_that_are_flat_by_the_close_of_a_session_are_not_held_overnight() -> None:
    session = {"start": "09:30", "end": "16:00", "timezone": "America/New_York"}
    assert len(holding_cost_advice(study(env={"sessions": session}))) == 1
    assert holding_cost_advice(study(env={"sessions": session, "flat_by_close": True})) == ()


def test_bars_without_a_rollover_between_them_have_no_warning(tmp_path: Path) -> None:
    times = pd.date_range("2024-01-02 08:00", periods=600, freq="1min")
    pd.DataFrame({"time": times, "open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0}).to_csv(tmp_path / "day.csv")
    assert holding_cost_advice(study(source=str(tmp_path / "day.csv"))) == ()
