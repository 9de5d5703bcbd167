"""Agents are trained on lanes in this process: in parallel, stopped and resumed, in segments."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fxai.errors import FxaiError
from fxai.pool.inline import InlinePool
from fxai.pool.local_pool import LocalPool
from fxai.protocol import (
    Inherited,
    JsonObject,
    LanePlan,
    Report,
    Slot,
    TrialPaths,
    TrialRequest,
    TrialResult,
    TrialState,
)
from fxai.study.events import Notice
from fxai.study.stop_signal import StopSignal
from fxai.study.train_agents import TrainingEvent, train_agents
from worker_process import worker_process


def config(**training: Any) -> JsonObject:
    quick = {"total_updates": 4, "eval_frequency": 1, "n_envs": 2, "rollout_steps": 8, "n_epochs": 1, "batch_size": 8}
    return {"model": {"d_model": 8, "n_layers": 1}, "env": {"max_episode_steps": 32}, "training": {**quick, **training}}


def request(folder: Path, number: int = 0, **training: Any) -> TrialRequest:
    return TrialRequest(
        study="s",
        number=number,
        attempt=0,
        objective="fx_trading",
        params={},
        config=config(**training),
        base_config=config(),
        seeds=(11 + number,),
        metric="mean_reward",
        directory=folder,
    )


def workers(lanes: int = 2) -> InlinePool:
    return InlinePool((Slot(0),), LanePlan("fx_trading", config(), lanes=lanes))


def trained(*chains: list[TrialRequest], lanes: int = 2) -> list[TrainingEvent]:
    with workers(lanes) as pool:
        return list(train_agents(chains, pool, StopSignal()))


def results(events: list[TrainingEvent]) -> list[TrialResult]:
    return [event for event in events if isinstance(event, TrialResult)]


def agent(folder: Path) -> bytes:
    return TrialPaths(folder).agent.read_bytes()


def test_parallel_seeds_give_the_agents_of_single_runs(tmp_path: Path) -> None:
    together = trained([request(tmp_path / "0")], [request(tmp_path / "1", 1)])
    alone = [trained([request(tmp_path / f"alone-{n}", n)]) for n in range(2)]
    assert [result.state for result in results(together)] == [TrialState.COMPLETE] * 2
    values = [[r.value or 0.0 for r in results(each)] for each in (together, *alone)]
    assert sorted(values[0]) == sorted(value for each in values[1:] for value in each)
    for number in range(2):
        assert agent(tmp_path / str(number)) == agent(tmp_path / f"alone-{number}")


def test_more_seeds_than_lanes_take_turns(tmp_path: Path) -> None:
    events = trained(*([request(tmp_path / str(n), n)] for n in range(3)), lanes=1)
    assert [result.number for result in results(events)] == [0, 1, 2]


def stopped_after(reports: int, chain: list[TrialRequest]) -> Iterator[TrainingEvent]:
    stop, told = StopSignal(), 0
    with workers() as pool:
        for event in train_agents([chain], pool, stop):
            yield event
            told += isinstance(event, Report)
            if told == reports and not stop.urgency:
                stop.request()


@pytest.mark.parametrize("after", [1, 3])
def test_a_stopped_training_resumes_to_the_same_agent(tmp_path: Path, after: int) -> None:
    trained([request(tmp_path / "whole")])
    assert not results(list(stopped_after(after, [request(tmp_path / "cut")])))
    assert not TrialPaths(tmp_path / "cut").agent.exists()
    trained([request(tmp_path / "cut")])
    assert agent(tmp_path / "cut") == agent(tmp_path / "whole")


def chain_of(folder: Path) -> list[TrialRequest]:
    """Two updates at one rate, two at another."""
    later = replace(request(folder, learning_rate=0.01), inherited=Inherited(7, 2, TrialPaths(folder).checkpoint))
    return [request(folder), later]


def test_segments_run_in_order_and_resume_after_a_stop(tmp_path: Path) -> None:
    events = trained(chain_of(tmp_path / "whole"))
    assert [event.step for event in events if isinstance(event, Report)] == [1, 2, 3, 4]
    (result,) = results(events)
    assert result.state is TrialState.COMPLETE
    list(stopped_after(3, chain_of(tmp_path / "cut")))
    trained(chain_of(tmp_path / "cut")[1:])  # its checkpoint is in the second segment
    assert agent(tmp_path / "cut") == agent(tmp_path / "whole")
    trained([request(tmp_path / "unchanged")])
    assert agent(tmp_path / "unchanged") != agent(tmp_path / "whole")


def test_a_failure_is_a_result(tmp_path: Path) -> None:
    (result,) = results(trained([request(tmp_path, learning_rate=1e38)]))
    assert (result.state, result.error is not None) == (TrialState.FAIL, True)


def test_trainings_that_were_lost_together_are_trained_again(tmp_path: Path) -> None:
    """A pool that has lost a worker trains one of its trials at a time, until it is known which one crashes."""
    chains = [[request(tmp_path / str(number), number)] for number in range(2)]
    killed = False
    with LocalPool((Slot(0),), tmp_path, LanePlan("fx_trading", config(), lanes=2)) as pool:
        happened = []
        for event in train_agents(chains, pool, StopSignal()):
            happened.append(event)
            if not killed and isinstance(event, Report) and event.step == 2:
                os.kill(worker_process(), signal.SIGKILL)
                killed = True
    trained([request(tmp_path / "alone", 1)])
    assert sorted(result.number for result in results(happened)) == [0, 1]
    assert agent(tmp_path / "1") == agent(tmp_path / "alone")


KILLER = """
import os
from fxai.protocol import Outcome, Report


def train(trial):
    lives = trial.checkpoint_dir / "lives"
    left = int(lives.read_text()) if lives.exists() else LIVES
    lives.write_text(str(left - 1))
    if left > 0:
        os.kill(os.getppid(), 9)
        os.kill(os.getpid(), 9)
    trial.report(1, 0.5)
    return 0.5
"""


@pytest.mark.parametrize("lives", [1, 9])
def test_a_lost_worker_is_retried_a_limited_number_of_times(tmp_path: Path, lives: int) -> None:
    (tmp_path / "killer.py").write_text(KILLER.replace("LIVES", str(lives)))
    own = replace(request(tmp_path / "t"), objective="killer:train", folder=str(tmp_path), metric="value")
    plan = LanePlan("killer:train", {}, folder=str(tmp_path))
    with LocalPool((Slot(0),), tmp_path, plan) as pool:
        events = train_agents([[own]], pool, StopSignal())
        if lives == 1:
            happened = list(events)
            assert any(isinstance(event, Notice) for event in happened)
            assert [result.value for result in results(happened)] == [0.5]
        else:
            with pytest.raises(FxaiError, match="the training failed"):
                list(events)
