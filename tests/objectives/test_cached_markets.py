"""A trial on mapped markets has the numbers of a trial that prepares its markets in memory."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from fxai.market.mapped import market_cache
from fxai.market.reading.read_bars import load_bars
from fxai.objectives.cached_markets import forget_markets
from fxai.objectives.fx_trading import run_trial, signature
from fxai.protocol import Outcome, Report, Slot, TrialPaths, TrialRequest
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig

SLOT = Slot(index=0)
QUICK = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 16, "n_epochs": 2, "batch_size": 32}
SEEDS = (1, 2)
HOURS = {"start": "08:00", "end": "16:00", "timezone": "Europe/London"}


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """The shipped bars as a file, with a spread."""
    found = load_bars(DataConfig())
    columns = {name: getattr(found, name) for name in ("time", "open", "high", "low", "close", "volume")}
    path = tmp_path / "bars.csv"
    pd.DataFrame({**columns, "spread": found.close * 0.0001}).to_csv(path, index=False)
    return path


def train(bars: Path, split: dict[str, Any], folds: int, directory: Path) -> tuple[list[Report], Outcome, bytes, bytes]:
    """Trains a trial as in a new worker: its reports, its outcome, and the files with its returns and its agents."""
    forget_markets()
    whole = {
        "data": {"source": str(bars), "split": split, "spread_unit": 1.0},
        "env": {"max_episode_steps": 64, "stop_loss": 0.002, "sessions": HOURS, "flat_by_close": True},
        "model": {"d_model": 8},
        "training": QUICK,
    }
    config = TrainingConfig.model_validate(whole).model_dump(mode="json")
    request = TrialRequest(
        study="mapped",
        number=1,
        attempt=0,
        objective="fx_trading",
        params={},
        config=config,
        base_config=config,
        seeds=SEEDS * folds,
        folds=folds,
        metric="mean_reward",
        directory=directory,
        signature=signature(config),
    )
    trial, reports = run_trial(request, SLOT), []
    while True:
        try:
            reports.append(next(trial))
        except StopIteration as ended:
            paths = TrialPaths(directory)
            return reports, ended.value, paths.returns.read_bytes(), paths.agent.read_bytes()


WALK_FORWARD = {"walk_forward": {"folds": 3}}


@pytest.mark.parametrize(
    ("split", "folds"), [({}, 1), (WALK_FORWARD, 3), (WALK_FORWARD, 1)], ids=["one split", "folds", "latest fold"]
)
def test_trials_on_mapped_markets_have_the_same_numbers(
    split: dict[str, Any], folds: int, bars: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A trial that is not in folds, such as the training of the final agent, takes the latest fold."""
    monkeypatch.setattr(market_cache, "FEWEST_BYTES", 1e12)
    reports, outcome, returns, agent = train(bars, split, folds, tmp_path / "prepared")
    monkeypatch.setattr(market_cache, "FEWEST_BYTES", 0)
    for directory in ("writes", "finds"):
        again, of_mapped, *files = train(bars, split, folds, tmp_path / directory)
        assert without_speed(of_mapped.metrics) == without_speed(outcome.metrics)
        assert [report.value for report in again] == [report.value for report in reports]
        assert files == [returns, agent]
    assert len(list(market_cache.cache_folder().glob("[0-9a-f]*"))) == 1


def without_speed(metrics: Any) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if name != "steps_per_second"}
