"""Trials of ensembles: members of several kinds train in one worker and are scored as one agent."""

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fxai.objectives.fx_trading import open_lanes, run_trial, signature
from fxai.objectives.train_agent import train_agent
from fxai.protocol import (
    Decision,
    JsonObject,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.ensemble import Ensemble
from fxai.rl.agents.evaluation_window import evaluation_window
from fxai.rl.agents.trajectory import trajectory_of
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo

SLOT = Slot(index=0)
QUICK = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 16, "batch_size": 32}
OF_DQN = {"learning_starts": 64, "gradient_steps": 4}
MIXED = ["d3qn", "double_dqn", "ppo"]


def config(ensemble: dict[str, Any] | None, **training: Any) -> JsonObject:
    written = {"model": {"d_model": 8, "n_layers": 1}, "training": {**QUICK, **training}}
    if ensemble is not None:
        written["ensemble"] = ensemble
    return TrainingConfig.model_validate(written).model_dump(mode="json")


def request(directory: Path, trial: JsonObject, number: int = 0, seeds: int = 1) -> TrialRequest:
    return TrialRequest(
        study="ensembles",
        number=number,
        attempt=0,
        objective="fx_trading",
        params={},
        config=trial,
        base_config=trial,
        seeds=tuple(10 * number + seed for seed in range(seeds)),
        metric="mean_reward",
        directory=directory / str(number),
        signature=signature(trial),
    )


def mixed(**ensemble: Any) -> JsonObject:
    return config({"agents": MIXED, **ensemble}, **OF_DQN)


def reports(trial: TrialRequest) -> list[Report]:
    return list(run_trial(trial, SLOT))


def numbers(report: Report) -> tuple[int, float, dict[str, float]]:
    return report.step, report.value, {k: v for k, v in report.metrics.items() if k != "steps_per_second"}


def validation_return(path: Path) -> float:
    agent = load_agent(path)
    window = evaluation_window(agent, split="validation")
    return trajectory_of(agent, window.market, window.span).score.metrics["mean_reward"]


@pytest.mark.parametrize("kind", ["ppo", "d3qn"])
def test_one_member_is_the_agent_alone(kind: str, tmp_path: Path) -> None:
    extra = OF_DQN if kind == "d3qn" else {}
    alone = request(tmp_path / "alone", config(None, algorithm=kind, max_grad_norm=0.5, **extra), seeds=2)
    together = request(tmp_path / "together", config({"agents": [kind]}, **extra), seeds=2)
    expected, found = reports(alone), reports(together)
    assert [report.value for report in found] == [report.value for report in expected]
    assert [report.env_steps for report in found] == [report.env_steps for report in expected]
    for report in found:
        assert report.metrics[f"{kind}_0_mean_reward"] == report.value


def test_the_last_report_is_the_score_of_the_saved_agent(tmp_path: Path) -> None:
    trial = request(tmp_path, mixed())
    last = reports(trial)[-1]
    path = TrialPaths(trial.directory).agent
    agent = load_agent(path)
    assert isinstance(agent, Ensemble)
    assert list(agent.members) == ["d3qn_0", "double_dqn_1", "ppo_2"]
    assert [report for report in last.metrics if report.startswith("ppo_2")] == ["ppo_2_mean_reward"]
    assert validation_return(path) == pytest.approx(last.value, rel=1e-9)
    for name, member in agent.members.items():
        member.save(tmp_path / name)
        assert validation_return(tmp_path / name) == pytest.approx(last.metrics[f"{name}_mean_reward"], rel=1e-9)


def test_members_train_as_they_do_alone(tmp_path: Path) -> None:
    """A member of its own kind has the ensemble's seed, so it is the agent of a training of this kind."""
    trial = request(tmp_path, mixed(), number=3)
    reports(trial)
    agent = load_agent(TrialPaths(trial.directory).agent)
    assert isinstance(agent, Ensemble)
    for name, member in agent.members.items():
        alone = request(tmp_path / name, member.config.model_dump(mode="json"), number=3)
        reports(alone)
        assert np.array_equal(load_agent(TrialPaths(alone.directory).agent).weights, member.weights)


@pytest.mark.parametrize("vote", ["majority", "weighted"])
def test_a_stopped_trial_goes_on_to_the_same_numbers(vote: str, tmp_path: Path) -> None:
    trial = request(tmp_path / "whole", mixed(vote=vote, seeds=2), seeds=2)
    whole = reports(trial)
    stopped = replace(trial, directory=tmp_path / "stopped")
    first = open_lanes(LanePlan("fx_trading", trial.base_config, 2, lanes=2), SLOT)
    first.admit(stopped)
    seen = next(chain.from_iterable(iter(first.advance, None)))
    assert isinstance(seen, Report)
    first.decide(0, Decision.STOP)
    (result,) = chain.from_iterable(first.advance() for _ in range(1))
    assert isinstance(result, TrialResult)
    assert result.state is TrialState.RETURNED
    again = reports(stopped)
    assert list(map(numbers, again)) == list(map(numbers, whole))
    agents = [load_agent(TrialPaths(folder).agent) for folder in (trial.directory, stopped.directory)]
    assert np.array_equal(agents[0].weights, agents[1].weights)


def test_an_ensemble_without_a_study_is_that_of_a_trial(tmp_path: Path) -> None:
    whole = config_with_embargo(TrainingConfig.model_validate(mixed(vote="weighted")))
    trial = request(tmp_path, whole.model_dump(mode="json"))
    of_trial = [report.value for report in reports(trial)]
    trained = train_agent(whole, whole.env, seed=0)
    assert [each.metrics[0]["mean_reward"] for each in trained.evaluations] == of_trial
    assert np.array_equal(trained.agent.weights, load_agent(TrialPaths(trial.directory).agent).weights)


def test_trials_do_not_depend_on_their_neighbours(tmp_path: Path) -> None:
    """An ensemble beside another ensemble and beside a single agent."""
    trials = [
        request(tmp_path, mixed(), number=0),
        request(tmp_path, config({"agents": ["dqn", "a2c"]}, **OF_DQN), number=1),
        request(tmp_path, config(None), number=2),
    ]
    lanes = open_lanes(LanePlan("fx_trading", trials[0].base_config, 1, lanes=4), SLOT)
    found: dict[int, list[float]] = {}
    for trial in trials:
        lanes.admit(trial)
    while lanes.busy:
        for message in lanes.advance():
            if isinstance(message, Report):
                found.setdefault(message.number, []).append(message.value)
                lanes.decide(message.number, Decision.CONTINUE)
    for trial in trials:
        alone = reports(replace(trial, directory=tmp_path / f"alone-{trial.number}"))
        assert found[trial.number] == [report.value for report in alone]


def test_several_seeds_leave_one_vote_of_all_members(tmp_path: Path) -> None:
    trial = request(tmp_path, mixed(), seeds=2)
    reports(trial)
    agent = load_agent(TrialPaths(trial.directory).agent)
    assert isinstance(agent, Committee)
    assert agent.seeds == (0, 1)
    assert len(agent.voters) == 6
    assert sum(each.weight for each in agent.voters) == pytest.approx(1.0)


def test_folds_have_their_own_members(tmp_path: Path) -> None:
    split: JsonObject = {"split": {"walk_forward": {"folds": 2}}}
    whole = TrainingConfig.model_validate({**mixed(), "data": split}).model_dump(mode="json")
    trial = replace(request(tmp_path, whole, seeds=2), folds=2, train_returns=True)
    last = reports(trial)[-1]
    assert np.isfinite(last.value)
    assert last.env_steps == 2 * 3 * 4 * 4 * 16
    assert isinstance(load_agent(TrialPaths(trial.directory).agent), Ensemble)
    assert TrialPaths(trial.directory).train_returns.is_file()
