"""Trials of `fx_trading` on several instruments: one agent, whose value is the mean over the instruments."""

from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from fxai.market.markets.instruments import prepare_set
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.objectives.fx_trading import open_lanes, signature
from fxai.objectives.trading_lanes import TradingLanes
from fxai.protocol import MARKET_ERROR, Decision, LanePlan, Report, Slot, TrialPaths, TrialRequest, TrialResult
from fxai.results.same_bars import error_of_mean
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.evaluation_window import instrument_windows
from fxai.rl.agents.trajectory import trajectory_of
from fxai.spec.fields.training_config import TrainingConfig
from instrument_bars import LENGTHS, write_instruments

SLOT = Slot(index=0)
QUICK = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 16, "n_epochs": 2, "batch_size": 32}
FEATURES = {"volatility_windows": [24], "instrument": True}


def config(source: object, **data: Any) -> TrainingConfig:
    features = FEATURES if isinstance(source, dict) else {"volatility_windows": [24]}
    whole = {
        "data": {"source": source, "features": features, **data},
        "env": {"max_episode_steps": 40, "costs": {"EUR": {"spread": 0.001}} if isinstance(source, dict) else None},
        "model": {"d_model": 8},
        "training": QUICK,
    }
    return TrainingConfig.model_validate(whole)


def request(config: TrainingConfig, directory: Path, *, seeds: int = 1, metric: str = "mean_reward") -> TrialRequest:
    whole = config.model_dump(mode="json")
    return TrialRequest(
        study="instruments",
        number=1,
        attempt=0,
        objective="fx_trading",
        params={},
        config=whole,
        base_config=whole,
        seeds=tuple(range(50, 50 + seeds)),
        metric=metric,
        directory=directory,
        signature=signature(whole),
    )


def lanes_of(*trials: TrialRequest) -> TradingLanes:
    lanes = open_lanes(LanePlan("fx_trading", trials[0].base_config, len(trials[0].seeds), lanes=8), SLOT)
    assert isinstance(lanes, TradingLanes)
    for trial in trials:
        lanes.admit(trial)
    return lanes


def ended(lanes: TradingLanes, most_reports: int = 10) -> tuple[list[Report], TrialResult | None]:
    reports: list[Report] = []
    while lanes.busy:
        for message in lanes.advance():
            if isinstance(message, TrialResult):
                return reports, message
            reports.append(message)
            if len(reports) == most_reports:
                return reports, None
            lanes.decide(message.number, Decision.CONTINUE)
    raise AssertionError("the trial did not end")


@pytest.mark.parametrize(("metric", "parts"), [("mean_reward", None), ("sharpe", None), ("sharpe", 3)])
def test_the_value_is_the_mean_over_the_instruments(metric: str, parts: int | None, tmp_path: Path) -> None:
    split = {} if parts is None else {"validation_episodes": parts}
    trial = request(config(write_instruments(tmp_path / "bars"), split=split), tmp_path, metric=metric)
    reports, result = ended(lanes_of(trial))
    assert result is not None
    agent = load_agent(TrialPaths(tmp_path).agent)
    values = []
    for of_one, window in instrument_windows(agent).values():
        score = trajectory_of(of_one, window.market, window.span, parts=window.parts).score
        values.append(score.metrics[metric])
    assert result.value == pytest.approx(fmean(values), rel=1e-5)
    assert len(set(values)) == len(LENGTHS)
    assert reports[-1].metrics[MARKET_ERROR] > 0


def test_the_returns_of_each_instrument_are_left_with_their_times(tmp_path: Path) -> None:
    whole = config(write_instruments(tmp_path / "bars"))
    reports, _ = ended(lanes_of(request(whole, tmp_path, seeds=2)))
    found, markets = read_bar_returns(TrialPaths(tmp_path).returns), prepare_set(whole.data)
    assert found.instruments is not None
    assert found.instruments.names == tuple(LENGTHS)
    for window, market in zip(found.windows[0], markets.markets, strict=True):
        assert len(window) == len(market.splits.validation) - 1
    np.testing.assert_array_equal(
        found.instruments.time, np.concatenate([markets.time[span.start : span.stop] for span in found.windows[0]])
    )
    agent = load_agent(TrialPaths(tmp_path).agent)
    assert isinstance(agent, Committee)
    for seed, member in enumerate(agent.members):
        of_each = [
            trajectory_of(of_one, window.market, window.span).score.returns
            for of_one, window in instrument_windows(member).values()
        ]
        np.testing.assert_allclose(found.returns[seed], np.concatenate(of_each), atol=1e-7)
    error = error_of_mean("mean_reward", [TrialPaths(tmp_path).returns], [reports[-1].value])
    assert error is not None
    assert error.market == pytest.approx(reports[-1].metrics[MARKET_ERROR], rel=1e-4)


def test_one_named_instrument_trains_like_its_file_alone(tmp_path: Path) -> None:
    path = write_instruments(tmp_path / "bars")["AUD"]
    alone, _ = ended(lanes_of(request(config(path), tmp_path / "alone", seeds=2)))
    features = {"volatility_windows": [24]}
    named, _ = ended(lanes_of(request(config({"AUD": path}, features=features), tmp_path / "named", seeds=2)))
    assert [report.value for report in named] == [report.value for report in alone]
    assert named[-1].metrics[MARKET_ERROR] == alone[-1].metrics[MARKET_ERROR]


def test_a_folder_and_a_mapping_train_alike(tmp_path: Path) -> None:
    sources = write_instruments(tmp_path / "bars")
    mapped, _ = ended(lanes_of(request(config(sources), tmp_path / "mapped")))
    folder = config(str(tmp_path / "bars"), instruments="all", features=FEATURES)
    folder = folder.model_copy(update={"env": config(sources).env})
    of_folder, _ = ended(lanes_of(request(folder, tmp_path / "folder")))
    assert [report.value for report in of_folder] == [report.value for report in mapped]


def test_a_trial_continues_from_its_checkpoint(tmp_path: Path) -> None:
    whole = config(write_instruments(tmp_path / "bars"))
    uninterrupted, _ = ended(lanes_of(request(whole, tmp_path / "whole", seeds=2)))
    cut = request(whole, tmp_path / "cut", seeds=2)
    ended(lanes_of(cut), most_reports=1)
    continued, result = ended(lanes_of(cut))
    assert result is not None
    assert [report.value for report in continued] == [report.value for report in uninterrupted]
    files = [TrialPaths(tmp_path / name) for name in ("whole", "cut")]
    assert files[0].returns.read_bytes() == files[1].returns.read_bytes()
    assert np.array_equal(load_agent(files[0].agent).weights, load_agent(files[1].agent).weights)
