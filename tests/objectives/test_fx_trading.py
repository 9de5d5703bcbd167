"""The objective `fx_trading` in a worker: reports, resume, agent."""

import math
from collections.abc import Generator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fxai.errors import FxaiError
from fxai.market.markets.dataset import prepare
from fxai.market.scores.scored_steps import SCORES
from fxai.objectives.fx_trading import run_trial
from fxai.objectives.train_agent import train_agent
from fxai.protocol import JsonObject, Outcome, Report, Slot, TrialPaths, TrialRequest
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.algorithms.ppo import Ppo
from fxai.spec.fields.training_config import TrainingConfig

SLOT = Slot(index=0)
ERRORS = {*(f"{name}_error" for name in SCORES), "standard_error", "standard_error_market"}  # of one seed


def config(**training: Any) -> JsonObject:
    quick = {"total_updates": 3, "eval_frequency": 1, "n_envs": 4, "rollout_steps": 16, "n_epochs": 2, "batch_size": 32}
    return {"data": {"split": {"embargo_bars": 24}}, "model": {"d_model": 16}, "training": {**quick, **training}}


def request(directory: Path, **training: Any) -> TrialRequest:
    return TrialRequest(
        study="fx_ai_quick",
        number=4,
        attempt=0,
        objective="fx_trading",
        params={},
        config=config(**training),
        base_config=config(),
        seeds=(11,),
        metric="mean_reward",
        directory=directory,
    )


def run(trial: Generator[Report, None, Outcome]) -> tuple[list[Report], Outcome]:
    reports = []
    while True:
        try:
            reports.append(next(trial))
        except StopIteration as end:
            return reports, end.value


def timeless(report: Report) -> Report:
    return replace(report, metrics={k: v for k, v in report.metrics.items() if k != "steps_per_second"})


def test_reports_and_outcome(tmp_path: Path):
    reports, outcome = run(run_trial(request(tmp_path), SLOT))
    assert [report.step for report in reports] == [1, 2, 3]
    assert all(report.number == 4 for report in reports)
    assert all({*SCORES, *ERRORS, *Ppo.statistics, "steps_per_second"} == set(report.metrics) for report in reports)
    assert all(math.isfinite(value) for report in reports for value in report.metrics.values())
    assert all(report.value == report.metrics["mean_reward"] for report in reports)
    assert outcome == Outcome(reports[-1].value, reports[-1].metrics)


def test_the_value_is_the_metric_of_the_request(tmp_path: Path):
    reports, outcome = run(run_trial(replace(request(tmp_path), metric="max_drawdown"), SLOT))
    assert outcome.value == reports[-1].metrics["max_drawdown"]


def test_an_unknown_metric_is_refused_before_training(tmp_path: Path):
    with pytest.raises(FxaiError, match="sharpe"):
        next(run_trial(replace(request(tmp_path), metric="sharp"), SLOT))


@pytest.mark.parametrize("stopped_after", [1, 2, 3])
def test_a_trial_closed_at_a_report_resumes_to_the_same_agent(tmp_path: Path, stopped_after: int):
    whole, outcome = run(run_trial(request(tmp_path / "whole"), SLOT))
    trial = run_trial(request(tmp_path / "cut"), SLOT)
    list(islice(trial, stopped_after))
    trial.close()
    again = replace(request(tmp_path / "cut"), attempt=1)
    resumed, resumed_outcome = run(run_trial(again, SLOT))
    assert [timeless(r) for r in resumed] == [timeless(r) for r in whole]
    assert resumed_outcome.value == outcome.value
    agents = [load_agent(TrialPaths(tmp_path / name).agent) for name in ("whole", "cut")]
    assert np.array_equal(agents[0].weights, agents[1].weights)


def test_updates_in_the_checkpoint_are_not_trained_again(tmp_path: Path):
    trial = run_trial(request(tmp_path), SLOT)
    first = next(trial)
    trial.close()
    assert next(run_trial(request(tmp_path), SLOT)) == first  # steps_per_second too: read, not measured again


@pytest.mark.parametrize("change", [{"seeds": (12,)}, {"config": config(gamma=0.5)}])
def test_a_checkpoint_of_another_training_is_ignored(tmp_path: Path, change: dict[str, Any]):
    trial = run_trial(request(tmp_path), SLOT)
    next(trial)
    trial.close()
    other = replace(request(tmp_path), **change)
    fresh, _ = run(run_trial(replace(other, directory=tmp_path / "fresh"), SLOT))
    found, _ = run(run_trial(other, SLOT))
    assert [timeless(r) for r in found] == [timeless(r) for r in fresh]


def test_nan_weights_fail_the_trial(tmp_path: Path):
    with pytest.raises(FxaiError, match="nan at step 1"):
        run(run_trial(request(tmp_path, learning_rate=1e38), SLOT))


def test_the_agent_has_config_seed_standardizer_and_data_hash(tmp_path: Path):
    run(run_trial(request(tmp_path), SLOT))
    agent = load_agent(TrialPaths(tmp_path).agent)
    market = prepare(TrainingConfig().data)
    assert agent.config == TrainingConfig.model_validate(config())
    assert agent.seed == 11
    assert agent.standardizer == market.standardizer
    assert agent.data_hash == market.content_hash


def test_train_agent_trains_the_same_agent(tmp_path: Path):
    reports, _ = run(run_trial(request(tmp_path), SLOT))
    plain = TrainingConfig.model_validate(config())
    trained = train_agent(plain, plain.env, seed=11)
    assert [e.metrics[0]["mean_reward"] for e in trained.evaluations] == [r.value for r in reports]
    assert np.array_equal(trained.agent.weights, load_agent(TrialPaths(tmp_path).agent).weights)


def test_it_uses_the_threads_of_its_slot(tmp_path: Path):
    next(run_trial(request(tmp_path), Slot(index=0, threads=1)))
    assert torch.get_num_threads() == 1
