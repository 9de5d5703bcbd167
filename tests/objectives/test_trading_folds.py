"""Trials of `fx_trading` in folds: each lane gives the results of a training on the bars of its fold alone."""

from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from fxai.evaluation.whole_error import estimate_over_folds
from fxai.market.markets.dataset import Market, prepare, prepare_folds
from fxai.market.scores.bar_returns import read_bar_returns, windows_of
from fxai.market.splits.folds import latest_first, paths_of
from fxai.market.splits.splits import Span
from fxai.objectives.fx_trading import open_lanes, signature
from fxai.objectives.trading_lanes import TradingLanes
from fxai.objectives.train_agent import train_agent
from fxai.protocol import (
    STANDARD_ERROR,
    Decision,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.build_training import build_training
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.trajectory import trajectory_of
from fxai.rl.lanes.pack import Pack
from fxai.spec.fields.training_config import TrainingConfig

SLOT = Slot(index=0)
QUICK = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 16, "n_epochs": 2, "batch_size": 32}
SCHEMES: dict[str, dict[str, Any]] = {
    "rolling": {"walk_forward": {"folds": 3, "scheme": "rolling", "purge": 130}},
    "anchored": {"walk_forward": {"folds": 3, "scheme": "anchored", "purge": 5}},
    "combinatorial": {"combinatorial": {"groups": 4, "test_groups": 2, "purge": 130, "embargo": 9, "first_bar": 140}},
}
SEEDS = 2


@pytest.fixture(params=SCHEMES)
def config(request: pytest.FixtureRequest) -> TrainingConfig:
    return config_of(request.param)


def config_of(scheme: str) -> TrainingConfig:
    split = {"embargo_bars": 130, **SCHEMES[scheme]}
    return TrainingConfig.model_validate(
        {"data": {"split": split}, "env": {"max_episode_steps": 64}, "model": {"d_model": 8}, "training": QUICK}
    )


def request(config: TrainingConfig, directory: Path) -> TrialRequest:
    whole = config.model_dump(mode="json")
    folds = config.data.split.folds
    return TrialRequest(
        study="folds",
        number=1,
        attempt=0,
        objective="fx_trading",
        params={},
        config=whole,
        base_config=whole,
        seeds=tuple(range(50, 50 + SEEDS * folds)),
        folds=folds,
        metric="mean_reward",
        directory=directory,
        signature=signature(whole),
    )


def lanes_of(trial: TrialRequest) -> TradingLanes:
    lanes = open_lanes(LanePlan("fx_trading", trial.base_config, len(trial.seeds), lanes=1), SLOT)
    assert isinstance(lanes, TradingLanes)
    lanes.admit(trial)
    return lanes


def ended(lanes: TradingLanes, most_reports: int = 10) -> tuple[list[Report], TrialResult | None]:
    """The reports and the result of the only trial; no result after `most_reports` reports."""
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


def fold_market(config: TrainingConfig, fold: int) -> Market:
    """The market whose splits are those of a fold with one train span and one test span."""
    market = list(prepare_folds(config.data))[fold]
    (train,), (test,) = market.folds[fold].train, market.folds[fold].test
    return replace(market, splits=replace(market.splits, train=train, validation=test), folds=())


def test_a_trial_trains_each_seed_in_each_fold(config: TrainingConfig, tmp_path: Path):
    trial = request(config, tmp_path)
    reports, result = ended(lanes_of(trial))
    assert result is not None
    assert result.state is TrialState.COMPLETE
    assert [report.step for report in reports] == [2, 4]
    assert reports[-1].env_steps == 4 * 64 * SEEDS * config.data.split.folds
    assert result.value == reports[-1].value
    assert result.metrics["mean_reward"] == result.value


@pytest.mark.parametrize("scheme", ["rolling", "anchored"])
def test_a_lane_of_a_fold_equals_a_training_on_the_fold(scheme: str, tmp_path: Path):
    config = config_of(scheme)
    trial = request(config, tmp_path)
    reports, _ = ended(lanes_of(trial))
    order = (2, 0, 1)  # the fold that ends last is first
    values = []
    for place, fold in enumerate(order):
        seeds = trial.seeds[place * SEEDS : (place + 1) * SEEDS]
        market = fold_market(config, fold)
        plain = config.model_copy(update={"data": config.data.model_copy(update={"split": type(config.data.split)()})})
        training = build_training(Pack((plain,) * SEEDS, seeds), config.env, market)
        evaluations = list(training.evaluations())
        values.append([lane["mean_reward"] for lane in evaluations[-1].metrics])
    assert reports[-1].value == fmean(value for of_fold in values for value in of_fold)
    assert len({tuple(of_fold) for of_fold in values}) == len(order)


def test_lanes_of_combinatorial_folds_do_not_depend_on_each_other(tmp_path: Path):
    config = config_of("combinatorial")
    trial = request(config, tmp_path)
    reports, _ = ended(lanes_of(trial))
    market = prepare(config.data)
    values = []
    for fold in range(6):  # the first one ends last
        seeds = trial.seeds[fold * SEEDS : (fold + 1) * SEEDS]
        training = build_training(Pack((config,) * SEEDS, seeds, (fold,) * SEEDS), config.env, market)
        evaluations = list(training.evaluations())
        values += [lane["mean_reward"] for lane in evaluations[-1].metrics]
    assert reports[-1].value == fmean(values)


def test_the_bars_of_each_lane_are_kept_with_its_fold(config: TrainingConfig, tmp_path: Path):
    trial = request(config, tmp_path)
    _, result = ended(lanes_of(trial))
    assert result is not None
    bars, folds = read_bar_returns(TrialPaths(tmp_path).returns), prepare(config.data).folds
    assert bars.folds == tuple(fold for fold in latest_first(folds) for _ in range(SEEDS))
    assert bars.seeds == trial.seeds
    assert bars.rewards is not None
    rewards = [row[np.isfinite(row)] for row in bars.rewards.astype(float)]
    steps = [sum(len(span) - 1 for span in folds[fold].test) for fold in bars.folds]
    assert [len(row) for row in rewards] == steps
    assert bars.windows == tuple(windows_of(prepare(config.data).splits, None, folds[fold]) for fold in bars.folds)
    error = estimate_over_folds(_rows(rewards, bars.folds, config)).error
    assert result.metrics[STANDARD_ERROR] == pytest.approx(error.total, rel=1e-3)
    assert error.seed is not None
    assert error.market is not None


def _rows(lanes: list[np.ndarray], folds_of_lanes: tuple[int, ...], config: TrainingConfig) -> list[np.ndarray]:
    """Numbers of the lanes in folds: those of walk-forward by themselves, combinatorial ones joined to paths."""
    folds, split = prepare(config.data).folds, config.data.split
    by_fold = [[row for row, of in zip(lanes, folds_of_lanes, strict=True) if of == fold] for fold in range(len(folds))]
    if split.combinatorial is None:
        return [np.stack(rows) for rows in by_fold]
    lengths = [[len(span) - 1 for span in fold.test] for fold in folds]
    parts = [[np.split(row, np.cumsum(lengths[fold])[:-1]) for row in rows] for fold, rows in enumerate(by_fold)]
    paths, seeds = paths_of(split, folds), range(SEEDS)
    return [np.stack([np.concatenate([parts[f][seed][i] for f, i in path]) for path in paths for seed in seeds])]


def test_the_returns_on_the_train_bars_are_those_of_the_agents(config: TrainingConfig, tmp_path: Path):
    windowed = config.model_copy(update={"env": config.env.model_copy(update={"observation_window": 3})})
    trial = request(windowed, tmp_path)
    ended(lanes_of(trial))
    assert not TrialPaths(tmp_path).train_returns.exists()
    ended(lanes_of(replace(trial, train_returns=True)))
    bars, market = read_bar_returns(TrialPaths(tmp_path).train_returns), prepare(windowed.data)
    assert bars.folds == read_bar_returns(TrialPaths(tmp_path).returns).folds
    assert bars.seeds == trial.seeds
    lengths = [sum(len(span) - 3 for span in market.folds[fold].train) for fold in bars.folds]
    assert np.isfinite(bars.returns).sum(axis=1).tolist() == lengths
    committee, fold = load_agent(TrialPaths(tmp_path).agent), market.folds[bars.folds[0]]
    assert isinstance(committee, Committee)
    spans = [Span(span.start + 2, span.stop) for span in fold.train]  # the first window ends at the third bar
    steps = [trajectory_of(committee.members[0], market, span).steps["step_return"] for span in spans]
    assert bars.returns[0][: lengths[0]] == pytest.approx(np.concatenate(steps), rel=1e-6, abs=1e-12)


def test_a_trial_without_folds_leaves_no_returns_on_train_bars(tmp_path: Path):
    config = TrainingConfig.model_validate({"model": {"d_model": 8}, "training": QUICK})
    ended(lanes_of(replace(request(config, tmp_path), train_returns=True)))
    assert TrialPaths(tmp_path).returns.exists()
    assert not TrialPaths(tmp_path).train_returns.exists()


def test_the_agent_is_that_of_the_fold_that_ends_last(config: TrainingConfig, tmp_path: Path):
    trial = request(config, tmp_path)
    _, result = ended(lanes_of(trial))
    assert result is not None
    committee = load_agent(TrialPaths(tmp_path).agent)
    assert isinstance(committee, Committee)
    for member, seed in zip(committee.members, trial.seeds[:SEEDS], strict=True):
        alone = train_agent(config, config.env, seed).agent  # one training uses the bars of that fold
        assert member.seed == alone.seed == seed
        assert np.array_equal(member.weights, alone.weights)
        assert member.standardizer == alone.standardizer == prepare(config.data).standardizer


def test_one_training_uses_the_fold_that_ends_last(config: TrainingConfig, tmp_path: Path):
    """As `fxai train` does with the best config of a study with folds."""
    trial = replace(request(config, tmp_path), seeds=(50,), folds=1)
    reports, result = ended(lanes_of(trial))
    assert result is not None
    assert result.state is TrialState.COMPLETE
    alone = train_agent(config, config.env, 50)
    assert [report.value for report in reports] == [each.metrics[0]["mean_reward"] for each in alone.evaluations]


def test_a_trial_in_folds_continues_from_its_checkpoint(config: TrainingConfig, tmp_path: Path):
    whole, _ = ended(lanes_of(request(config, tmp_path / "whole")))
    trial = request(config, tmp_path / "interrupted")
    begun, result = ended(lanes_of(trial), most_reports=1)
    assert result is None
    continued, result = ended(lanes_of(trial))
    assert result is not None
    assert [(report.step, report.value) for report in begun] == [(whole[0].step, whole[0].value)]
    assert [(report.step, report.value) for report in continued] == [(report.step, report.value) for report in whole]
