"""Whole trainings by compiled loops: beside torch's operations, in packs and alone, from a state."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from fxai.market.markets.dataset import Market, prepare
from fxai.market.rules.compiled import Array
from fxai.rl.compiled.program import CompiledProgram, is_compiled
from fxai.spec.fields.training_config import TrainingConfig
from rl.compiled.program_pairs import LANES, compiled_program, lane_config, pack_of, torch_learner

UPDATES = 3
RATE = 1e-3


@pytest.fixture(scope="module")
def market() -> Market:
    return prepare(lane_config(LANES[0], "ppo").data)


def trained(program: CompiledProgram, updates: range = range(UPDATES)) -> CompiledProgram:
    lanes = len(program.weights())
    for update in updates:
        program.update(np.full(lanes, update), np.full(lanes, RATE))
    return program


def copied(state: dict[str, Array]) -> dict[str, Array]:
    return {name: array.copy() for name, array in state.items()}


@pytest.mark.parametrize("dropout", [False, True], ids=["", "dropout"])
@pytest.mark.parametrize("algorithm", ["ppo", "a2c"])
def test_a_training_is_that_of_torch(
    market: Market, algorithm: str, *, dropout: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = pack_of(algorithm, range(3), dropout=dropout)
    compiled, learner = compiled_program(market, pack), torch_learner(market, pack, monkeypatch)
    assert compiled.statistics == learner.statistics
    assert np.array_equal(compiled.weights(), learner.weights.numpy())
    before = compiled.weights().copy()
    for update in range(UPDATES):
        statistics = learner.update(torch.full((3,), update), torch.full((3,), RATE))
    trained(compiled)
    np.testing.assert_allclose(compiled.last_statistics(), statistics.numpy(), rtol=1e-3, atol=1e-4)
    moved, theirs = compiled.weights() - before, learner.weights.numpy() - before
    assert np.linalg.norm(moved - theirs) < 1e-3 * np.linalg.norm(theirs)
    state = learner.state()
    assert {name: array.shape for name, array in compiled.state().items()} == {
        name: tuple(tensor.shape) for name, tensor in state.items()
    }
    assert {name: str(array.dtype) for name, array in compiled.state().items()} == {
        name: str(tensor.dtype).removeprefix("torch.") for name, tensor in state.items()
    }


@pytest.mark.parametrize("algorithm", ["ppo", "a2c"])
def test_a_lane_is_the_same_alone(market: Market, algorithm: str) -> None:
    together = trained(compiled_program(market, pack_of(algorithm, range(3), dropout=True)))
    scores = together.score([2, 0])
    for place, lane in enumerate([2, 0]):
        alone = trained(compiled_program(market, pack_of(algorithm, [lane], dropout=True)))
        assert np.array_equal(alone.weights()[0], together.weights()[lane])
        assert np.array_equal(alone.last_statistics()[0], together.last_statistics()[lane])
        assert alone.score([0])[0].metrics == scores[place].metrics


def test_a_training_continues_exactly_from_its_state(market: Market) -> None:
    pack = pack_of("ppo", range(3), dropout=True)
    without_break = trained(compiled_program(market, pack), range(4))
    state = copied(trained(compiled_program(market, pack), range(2)).state())
    continued = compiled_program(market, pack)
    continued.restore(state)
    trained(continued, range(2, 4))
    assert_equal(continued.state(), without_break.state())
    assert not np.array_equal(state["weights"], continued.weights())  # the state was copied


def test_before_the_first_update_there_are_no_statistics(market: Market) -> None:
    assert np.isnan(compiled_program(market, pack_of("ppo", [0])).last_statistics()).all()


@pytest.mark.parametrize(
    ("model", "training", "device", "expected"),
    [
        ("mlp", "ppo", "cpu", True),
        ("mlp", "a2c", "cpu", True),
        ("mlp", "ppo", "cuda:0", False),
        ("mlp", "dqn", "cpu", False),
        ("gru", "ppo", "cpu", False),
        ("transformer", "a2c", "cpu", False),
    ],
)
def test_it_trains_multilayer_perceptrons_of_ppo_and_a2c(
    model: str, training: str, device: str, *, expected: bool
) -> None:
    config = TrainingConfig.model_validate({"model": {"type": model}, "training": {"algorithm": training}})
    assert is_compiled(config, device) == expected


def test_it_trains_and_scores_where_torch_cannot_be_imported() -> None:
    code = """
import sys
sys.modules["torch"] = None
import numpy as np
from fxai.market.markets.dataset import prepare
from fxai.rl.compiled.program import CompiledProgram
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.training_config import TrainingConfig

config = TrainingConfig.model_validate({"data": {"source": "planted_1h"}, "model": {"d_model": 8}})
market = prepare(config.data)
scored = ScoredSpan(market.splits.validation, market.bars_per_year, config.env, [config.env])
program = CompiledProgram(Pack((config,), (1,)), MarketTable.of_market(market), market.splits.train, scored)
program.update(np.zeros(1, np.int64), np.full(1, 1e-3))
assert np.isfinite(program.score([0])[0].metrics["mean_reward"])
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def assert_equal(ones: dict[str, Array], others: dict[str, Array]) -> None:
    assert ones.keys() == others.keys()
    for name, array in ones.items():
        assert np.array_equal(array, others[name]), name


def test_seeds_give_different_trainings(market: Market) -> None:
    weights = compiled_program(market, pack_of("ppo", range(3))).weights()
    assert len({row.tobytes() for row in weights}) == 3
