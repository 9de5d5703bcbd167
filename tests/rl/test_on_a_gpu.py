"""What only a GPU can show: captured updates are as any others, and no lane depends on those beside it."""

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from fxai.objectives.fx_trading import open_lanes
from fxai.objectives.trading_lanes import TradingLanes
from fxai.protocol import Decision, JsonObject, LanePlan, Report, Slot, TrialRequest, TrialResult, TrialState
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.trajectory import track_record_of
from fxai.rl.lanes.cuda_graph import CudaCapture, CudaGraphLearner
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.lane_pack import Lane, LanePack
from fxai.rl.training.tensor_program import TensorProgram
from fxai.rl.training.training import Training
from fxai.spec.fields.model_config import ModelConfig
from fxai.spec.fields.training_config import TrainingConfig
from probe_envs import learner_of, no_score
from rl.agents.test_ensemble import config as ensemble_config
from rl.agents.test_ensemble import ensemble
from rl.agents.test_ensemble import market as ensemble_market
from rl.gpu_mark import needs_gpu
from rl.test_device import PACKS, TRANSFORMER, pack, training

pytestmark = needs_gpu
GPU = torch.device("cuda:0")
MODELS = {
    "mlp": None,
    "gru": ModelConfig(type="gru", d_model=8, n_layers=1),
    "transformer": TRANSFORMER,
}
WIDTH, UPDATES = 8, 300


def configs(kind: str, model: str) -> tuple[TrainingConfig, ...]:
    other = MODELS[model]
    if other is None:
        return PACKS[kind]
    models = [other.model_copy(update={"dropout": each.model.dropout}) for each in PACKS[kind]]
    return tuple(each.model_copy(update={"model": m}) for each, m in zip(PACKS[kind], models, strict=True))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", PACKS)
def test_a_captured_update_is_as_any_other(kind: str, model: str):
    plain = learner_of(training(pack(configs(kind, model)), GPU))
    captured = CudaGraphLearner(learner_of(training(pack(configs(kind, model)), GPU)), CudaCapture(GPU), after=2)
    for done in range(8):
        clock = torch.full((2,), done, device=GPU)
        rate = torch.tensor([1e-3, 2e-3], device=GPU) / (done + 1)
        said, expected = captured.update(clock, rate), plain.update(clock, rate)
        torch.testing.assert_close(said, expected, rtol=0, atol=0, equal_nan=True)
        for name, tensor in plain.state().items():
            torch.testing.assert_close(captured.state()[name], tensor, rtol=0, atol=0, equal_nan=True)


def test_a_graph_that_is_given_up_breaks_no_capture(monkeypatch: pytest.MonkeyPatch):
    """One that only the garbage collector can free, were it to come in the midst of a capture."""
    old, new = (
        CudaGraphLearner(learner_of(training(pack(configs("ppo", "mlp")), GPU)), CudaCapture(GPU), after=1)
        for _ in range(2)
    )
    clock, rate = torch.zeros(2, dtype=torch.int64, device=GPU), torch.full((2,), 1e-3, device=GPU)
    for learner in (old, old, new):
        learner.update(clock, rate)
    improve = new._learner.update

    def collecting(clock: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
        gc.collect()
        return improve(clock, rate)

    monkeypatch.setattr(new._learner, "update", collecting)
    cycle: list[Any] = [old]
    cycle.append(cycle)
    del old, learner, cycle
    new.update(clock, rate)


def captured(members: Pack) -> Training:
    learner = learner_of(training(members, GPU))
    return Training(members, TensorProgram(learner, no_score, GPU, cuda_graph_after=2))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("kind", PACKS)
def test_other_lanes_that_start_and_end_change_no_lane(kind: str, model: str):
    """At one width, with captured updates; another lane joins and leaves on the way, and may take the first place."""
    first, second = configs(kind, model)
    alone, lane = LanePack(captured, WIDTH), Lane(first, 3)
    alone.set_lanes([lane])
    for _ in range(UPDATES // 10):
        alone.update()
    beside, same, guest = LanePack(captured, WIDTH), Lane(first, 3), Lane(second, 4)
    beside.set_lanes([same, Lane(second, 1), Lane(second, 2)])
    for done in range(UPDATES // 10):
        if done == UPDATES // 30:
            beside.set_lanes([guest, same])
        if done == UPDATES // 15:
            beside.set_lanes([same])
        beside.update()
    for name, array in alone.stacked_states([lane]).items():
        assert np.array_equal(array, beside.stacked_states([same])[name]), name


BASE: JsonObject = {
    "model": {"d_model": 256},
    "training": {
        "total_updates": 3,
        "eval_frequency": 3,
        "n_envs": 16,
        "rollout_steps": 64,
        "batch_size": 64,
        "n_epochs": 1,
    },
}


def request(number: int, directory: Path) -> TrialRequest:
    return TrialRequest(
        study="gpu",
        number=number,
        attempt=0,
        objective="fx_trading",
        params={},
        config=BASE,
        base_config=BASE,
        seeds=(number,),
        metric="mean_reward",
        directory=directory / str(number),
    )


def test_exhausted_memory_narrows_the_pack_and_all_trials_end(tmp_path: Path):
    """With a twentieth of the GPU's memory, which a pack of so many lanes does not fit into."""
    share, width = 1 / 20, 4096
    torch.cuda.empty_cache()
    torch.cuda.set_per_process_memory_fraction(share)
    try:
        at_work = open_lanes(LanePlan("fx_trading", BASE, lanes=width), Slot(0, "cuda:0"))
        assert isinstance(at_work, TradingLanes)
        assert to_the_end(at_work, [request(number, tmp_path) for number in range(2)]) == {TrialState.COMPLETE}
        assert at_work.width < width
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
        torch.cuda.empty_cache()


def to_the_end(at_work: TradingLanes, trials: list[TrialRequest]) -> set[TrialState]:
    """The final states of the trials, which are admitted again as often as they come back."""
    for trial in trials:
        at_work.admit(trial)
    final: set[TrialState] = set()
    while at_work.busy:
        for each in at_work.advance():
            if isinstance(each, Report):
                at_work.decide(each.number, Decision.CONTINUE)
            elif isinstance(each, TrialResult) and each.state is TrialState.RETURNED:
                at_work.admit(trials[each.number])
            else:
                final.add(each.state)
    return final


def test_agents_are_scored_as_on_the_cpu():
    """Rounding may change single decisions."""
    one, market = ensemble(ensemble_config()), ensemble_market()
    alone = next(iter(one.members.values()))
    for agent in (alone, one, Committee.of([one, ensemble(ensemble_config(), seed=2)])):
        here, there = (
            track_record_of(agent, market, market.splits.test, "test", device=each) for each in ("cpu", "cuda:0")
        )
        assert (here.position == there.position).mean() > 0.98
        assert here.member_metrics.keys() == there.member_metrics.keys()
