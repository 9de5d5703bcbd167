"""Parallel trials of `fx_trading`: each gives the results of a run alone, whatever the others do."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, cast

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import prepare
from fxai.market.markets.instruments import MarketSet
from fxai.market.scores.bar_returns import read_bar_returns
from fxai.objectives.fx_trading import open_lanes, run_trial, signature
from fxai.objectives.trading_lanes import TradingLanes
from fxai.objectives.trading_trial import TradingTrial, TrialConfigs
from fxai.protocol import (
    Cause,
    Decision,
    JsonObject,
    LanePlan,
    Lanes,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.training import tensor_program
from fxai.rl.training.lane_pack import LanePack
from fxai.spec.fields.training_config import TrainingConfig
from rl.test_device import zeros_of

SLOT = Slot(index=0)
QUICK = {"total_updates": 4, "eval_frequency": 2, "n_envs": 4, "rollout_steps": 16, "n_epochs": 2, "batch_size": 32}


def config(**training: Any) -> JsonObject:
    written = {"model": {"d_model": 16}, "training": {**QUICK, **training}}
    return TrainingConfig.model_validate(written).model_dump(mode="json")


def request(number: int, directory: Path, *, seeds: int = 1, **training: Any) -> TrialRequest:
    trial = config(**training)
    return TrialRequest(
        study="lanes",
        number=number,
        attempt=0,
        objective="fx_trading",
        params={},
        config=trial,
        base_config=config(),
        seeds=tuple(100 * number + seed for seed in range(seeds)),
        metric="mean_reward",
        directory=directory / str(number),
        signature=signature(trial),
    )


def lanes(width: int = 8, seeds: int = 1) -> Lanes:
    return open_lanes(LanePlan("fx_trading", config(), seeds, lanes=width), SLOT)


def alone(trial: TrialRequest, folder: Path) -> list[float]:
    """The values that the trial reports when it runs alone."""
    return [report.value for report in run_trial(replace(trial, directory=folder / f"alone-{trial.number}"), SLOT)]


def ticks(at_work: Lanes) -> Iterator[list[Report | TrialResult]]:
    while at_work.busy:
        yield list(at_work.advance())


def to_the_end(at_work: Lanes) -> tuple[dict[int, list[float]], dict[int, TrialResult]]:
    """Values and results of all trials. Every report is answered with CONTINUE."""
    values: dict[int, list[float]] = {}
    results = {}
    for came in ticks(at_work):
        for each in came:
            if isinstance(each, Report):
                values.setdefault(each.number, []).append(each.value)
                at_work.decide(each.number, Decision.CONTINUE)
            else:
                results[each.number] = each
    return values, results


MIXED: tuple[dict[str, Any], ...] = (
    {},
    {"learning_rate": 3e-3, "n_epochs": 4},
    {"batch_size": 16},
    {"gamma": 0.9, "total_updates": 3},
)


def test_each_trial_equals_a_run_alone(tmp_path: Path):
    trials = [request(number, tmp_path, **training) for number, training in enumerate(MIXED)]
    at_work = lanes()
    for trial in trials:
        at_work.admit(trial)
    values, results = to_the_end(at_work)
    assert {number: result.state for number, result in results.items()} == dict.fromkeys(range(4), TrialState.COMPLETE)
    for trial in trials:
        assert values[trial.number] == alone(trial, tmp_path)
        agents = [
            load_agent(TrialPaths(folder).agent) for folder in (trial.directory, tmp_path / f"alone-{trial.number}")
        ]
        assert np.array_equal(agents[0].weights, agents[1].weights)


def test_trials_of_different_positions_train_beside_each_other_as_alone(tmp_path: Path):
    lists: tuple[list[float] | None, ...] = (None, [0, 1], [-1, -0.5, 0, 0.5, 1])
    at_work = lanes()
    trials: list[TrialRequest] = []
    for number, positions in enumerate(lists):
        whole = {**config(), "env": {**cast("dict[str, Any]", config()["env"]), "positions": positions}}
        trials.append(replace(request(number, tmp_path), config=whole, signature=signature(whole)))
        at_work.admit(trials[-1])
    values, _ = to_the_end(at_work)
    assert len({trial.signature for trial in trials}) == len(lists)
    for trial, positions in zip(trials, lists, strict=True):
        assert values[trial.number] == alone(trial, tmp_path)
        agent = load_agent(TrialPaths(trial.directory).agent)
        assert agent.positions == tuple(positions or (-1, 0, 1))
        assert agent.base_env.positions is None


def test_late_and_pruned_trials_do_not_change_the_others(tmp_path: Path):
    first, second, late = (request(number, tmp_path, total_updates=6) for number in range(3))
    at_work = lanes()
    at_work.admit(first)
    at_work.admit(second)
    values: dict[int, list[float]] = {}
    results = {}
    for came in ticks(at_work):
        for each in came:
            if isinstance(each, TrialResult):
                results[each.number] = each
                continue
            values.setdefault(each.number, []).append(each.value)
            at_work.decide(each.number, Decision.PRUNE if each.number == 1 else Decision.CONTINUE)
            if each.number == 1:
                at_work.admit(late)
    assert results[1].state is TrialState.PRUNED
    assert results[1].metrics["mean_reward"] == values[1][0]
    assert values[0] == alone(first, tmp_path)
    assert values[2] == alone(late, tmp_path)


def test_trials_of_one_evaluation_report_together(tmp_path: Path):
    at_work = lanes()
    for number in range(3):
        at_work.admit(request(number, tmp_path))
    together = [[each.number for each in came] for came in ticks(at_work) if came]
    assert together == [[0, 1, 2]]  # no further report until these are answered


def test_a_lane_is_at_most_one_update_ahead_of_the_decision(tmp_path: Path):
    at_work = lanes()
    at_work.admit(request(0, tmp_path, eval_frequency=3, total_updates=9))
    assert sum(1 for _ in ticks(at_work)) == 4  # three updates, then one before the answer arrives
    at_work.decide(0, Decision.PRUNE)
    (result,) = at_work.advance()
    assert isinstance(result, TrialResult)
    assert result.state is TrialState.PRUNED
    assert not at_work.busy


def test_the_value_of_several_seeds_is_their_mean(tmp_path: Path):
    at_work = lanes(seeds=3)
    trial = request(1, tmp_path, seeds=3)
    at_work.admit(trial)
    values, results = to_the_end(at_work)
    singles = [alone(replace(trial, number=seed, seeds=(seed,)), tmp_path) for seed in trial.seeds]
    for step, value in enumerate(values[1]):
        assert value == pytest.approx(fmean(single[step] for single in singles))
    error = stdev(single[-1] for single in singles) / math.sqrt(3)
    metrics = results[1].metrics
    assert metrics["standard_error_seeds"] == pytest.approx(error)
    assert metrics["standard_error"] >= max(metrics["standard_error_seeds"], metrics["standard_error_market"]) > 0
    committee = load_agent(TrialPaths(trial.directory).agent)
    assert isinstance(committee, Committee)
    for member, seed in zip(committee.members, trial.seeds, strict=True):
        assert member.seed == seed
        assert np.array_equal(member.weights, load_agent(TrialPaths(tmp_path / f"alone-{seed}").agent).weights)


@pytest.mark.parametrize(
    "decisions", [[Decision.CONTINUE], [Decision.PRUNE], [Decision.STOP, Decision.PRUNE]], ids=["all", "pruned", "back"]
)
def test_a_trial_keeps_the_returns_of_its_seeds_on_each_bar(tmp_path: Path, decisions: list[Decision]):
    """Also if a trial is pruned on a report that its checkpoint has from an earlier run."""
    trial, value = request(1, tmp_path, seeds=2), math.nan
    for decision in decisions:
        at_work = lanes(seeds=2)
        at_work.admit(trial)
        for each in chain.from_iterable(ticks(at_work)):
            if isinstance(each, Report):
                value = each.value
                at_work.decide(1, decision)
    bars = read_bar_returns(TrialPaths(trial.directory).returns)
    assert bars.seeds == trial.seeds
    assert bars.rewards is not None
    assert bars.returns.shape == bars.rewards.shape
    assert bars.rewards.mean() == pytest.approx(value, rel=1e-5)


@pytest.mark.parametrize("seeds", [1, 2])
def test_only_the_diverging_trial_fails(tmp_path: Path, seeds: int):
    at_work = lanes(seeds=seeds)
    sound = request(0, tmp_path, seeds=seeds)
    at_work.admit(sound)
    at_work.admit(request(1, tmp_path, seeds=seeds, learning_rate=1e38))
    values, results = to_the_end(at_work)
    assert results[1].state is TrialState.FAIL
    assert results[1].error is not None
    assert "nan at step 2" in results[1].error.message
    assert values[0] == pytest.approx(alone(sound, tmp_path), rel=0, abs=0)


def test_a_trial_completes_although_its_files_cannot_be_written(tmp_path: Path):
    made = request(1, tmp_path)
    for path in (TrialPaths(made.directory).checkpoint, TrialPaths(made.directory).agent):
        path.mkdir(parents=True)  # a folder, which no file can replace
    at_work = lanes()
    at_work.admit(made)
    _, results = to_the_end(at_work)
    assert results[1].state is TrialState.COMPLETE
    assert "agent.safetensors" in results[1].flaw
    assert results[1].value == alone(request(1, tmp_path / "other"), tmp_path)[-1]


def test_an_invalid_request_fails_only_its_own_trial(tmp_path: Path):
    at_work = lanes()
    at_work.admit(replace(request(0, tmp_path), metric="sharp"))
    at_work.admit(request(1, tmp_path))
    _, results = to_the_end(at_work)
    assert results[0].state is TrialState.FAIL
    assert results[1].state is TrialState.COMPLETE


def test_stopped_trials_continue_from_their_checkpoints(tmp_path: Path):
    trials = [request(number, tmp_path, seeds=2, total_updates=6) for number in range(2)]
    at_work = lanes(seeds=2)
    for trial in trials:
        at_work.admit(trial)
    heard: dict[int, list[float]] = {0: [], 1: []}
    states = []
    for came in ticks(at_work):
        for each in came:
            if isinstance(each, TrialResult):
                states.append(each.state)
                continue
            heard[each.number].append(each.value)
            at_work.decide(each.number, Decision.STOP)
    assert states == [TrialState.RETURNED] * 2
    again = lanes(seeds=2)
    for trial in trials:
        again.admit(replace(trial, attempt=1))
    values, _ = to_the_end(again)
    for trial in trials:
        assert values[trial.number][:1] == heard[trial.number]
        assert values[trial.number] == alone(trial, tmp_path)


def test_a_pack_is_no_wider_than_its_worker(tmp_path: Path):
    at_work = lanes(width=2)
    assert isinstance(at_work, TradingLanes)
    trials = [request(number, tmp_path) for number in range(3)]
    for trial in trials:
        at_work.admit(trial)
    at_work.advance()
    assert sorted(pack.lanes for pack in at_work._queue.packs) == [1, 2]
    values, _ = to_the_end(at_work)
    assert values == {trial.number: alone(trial, tmp_path) for trial in trials}


def test_a_worker_holds_at_least_one_trial():
    assert lanes(width=1, seeds=4).width == 4


def test_a_pack_that_exhausts_memory_is_retried_in_narrower_packs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The error is simulated, since this machine's memory cannot be exhausted on purpose."""
    at_work = lanes(width=4)
    assert isinstance(at_work, TradingLanes)
    trials = [request(number, tmp_path) for number in range(4)]
    for trial in trials:
        at_work.admit(trial)
    at_work.advance()
    (pack,) = at_work._queue.packs
    with monkeypatch.context() as patch:
        patch.setattr(pack, "update", _out_of_memory)
        came = at_work.advance()
    assert {result.state for result in came if isinstance(result, TrialResult)} == {TrialState.RETURNED}
    assert len(came) == 4
    assert at_work.width == 2
    for trial in trials[:2]:
        at_work.admit(trial)
    values, _ = to_the_end(at_work)
    assert values[0] == alone(trials[0], tmp_path)


def _out_of_memory() -> list[Report]:
    raise torch.OutOfMemoryError("CUDA out of memory")


META_SLOT = Slot(index=0, device="meta")
"""The meta device stands for a device on which numbers depend on a pack's width."""


def test_on_a_device_the_width_of_a_pack_covers_the_running_trials():
    def width(trials: int | None, seeds: int = 1) -> int:
        plan = LanePlan("fx_trading", config(), seeds, lanes=64, trials=trials)
        assert open_lanes(plan, SLOT).width == 64
        return open_lanes(plan, META_SLOT).width

    assert width(None) == 64
    assert width(12) == 16
    assert width(16) == 16
    assert width(12, seeds=3) == 64
    assert width(1000) == 64


def test_on_a_device_exhausted_memory_halves_a_pack_down_to_one_lane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The width is halved even for one trial, whose pack has the full width. At one lane, the trial fails."""
    at_work = open_lanes(LanePlan("fx_trading", config(), lanes=4), META_SLOT)
    monkeypatch.setattr(tensor_program, "array_of", zeros_of)
    monkeypatch.setattr(LanePack, "update", lambda _pack: _out_of_memory())
    states = []
    for _ in range(3):
        at_work.admit(request(0, tmp_path))
        (result,) = at_work.advance()
        assert isinstance(result, TrialResult)
        states.append((result.state, at_work.width))
    assert states == [(TrialState.RETURNED, 2), (TrialState.RETURNED, 1), (TrialState.FAIL, 1)]
    assert result.error is not None
    assert result.error.cause is Cause.OUT_OF_MEMORY


def test_a_checkpoint_is_used_only_at_its_own_width(tmp_path: Path):
    trial = request(0, tmp_path, eval_frequency=1)
    valid = TrainingConfig.model_validate(trial.config)
    configs, markets = TrialConfigs(valid, valid), MarketSet.of_one(prepare(valid.data), valid.data)
    at_work = lanes()
    at_work.admit(trial)
    at_work.advance()
    assert TradingTrial(trial, configs, SLOT, markets).updates == 1
    assert TradingTrial(trial, configs, SLOT, markets, 8).updates == 0


def test_environment_steps_are_counted_over_seeds_and_runs(tmp_path: Path):
    trial, per_update = request(1, tmp_path, seeds=2, total_updates=6), 4 * 16 * 2
    first = lanes(seeds=2)
    first.admit(trial)
    (report,) = next(came for came in ticks(first) if came)
    assert isinstance(report, Report)
    assert (report.step, report.env_steps) == (2, 2 * per_update)
    first.decide(1, Decision.STOP)
    (stopped,) = next(came for came in ticks(first) if came)
    assert isinstance(stopped, TrialResult)
    assert stopped.usage.env_steps == 2 * per_update
    second = lanes(seeds=2)
    second.admit(trial)
    result = to_the_end(second)[1][1]
    assert result.usage.env_steps == 6 * per_update
    assert result.usage.steps_per_second == pytest.approx(4 * per_update / result.seconds)  # of this run only


def test_a_trial_can_be_stopped_before_its_first_report(tmp_path: Path):
    trial, at_work = request(0, tmp_path, eval_frequency=2), lanes()
    at_work.admit(trial)
    assert at_work.advance() == []
    at_work.decide(0, Decision.STOP)
    (stopped,) = next(came for came in ticks(at_work) if came)
    assert isinstance(stopped, TrialResult)
    assert stopped.state is TrialState.RETURNED
