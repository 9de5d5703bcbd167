"""Committees of agents: decisions, observations, scores, files, exports."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import fxai
from fxai.errors import InputError
from fxai.market.features.standardizer import CLIP
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.rules.compiled import Array
from fxai.market.rules.rules import Action
from fxai.market.scores.scored_steps import SCORES
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from fxai.rl.agents.trajectory import observations_on, track_record_of
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.rl.environment.observation import AccountView
from fxai.spec.fields.training_config import TrainingConfig
from members_alone import check_members

BARS = synthetic_market(seed=1, bars=1200)
ALGORITHMS = ("ppo", "a2c", "dqn")
MODELS = ("mlp", "gru", "transformer")


def config(algorithm: str = "ppo", model: str = "mlp", *, allow_short: bool = True) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "env": {"max_episode_steps": 50, "observation_window": 4, "spread": 0.0002, "allow_short": allow_short},
            "model": {"type": model, "d_model": 8, "n_layers": 1, "n_heads": 2},
            "training": {"algorithm": algorithm},
        }
    )


@cache
def market() -> Market:
    return prepare_bars(BARS, TrainingConfig().data)


def agents(whole: TrainingConfig, count: int, *, scale: float = 100.0, shift: float = 0.0) -> list[Agent]:
    """Untrained agents whose actions differ; the standardizer of each later agent is shifted further."""
    fitted = market().standardizer
    shape = (whole.env.observation_window, len(fitted.names) + len(ACCOUNT_FEATURES))
    weights = build_policy(whole, shape, 3).initial(torch.arange(count)).numpy() * np.float32(scale)
    return [
        Agent(
            whole,
            seed,
            replace(fitted, mean=tuple(m + seed * shift * s for m, s in zip(fitted.mean, fitted.std, strict=True))),
            market().content_hash,
            weights[seed : seed + 1],
            whole.env,
        )
        for seed in range(count)
    ]


def frame() -> pd.DataFrame:
    columns = {name: getattr(BARS, name) for name in ("open", "high", "low", "close")}
    return pd.DataFrame(columns, index=pd.DatetimeIndex(BARS.time, name="time"))


def seen_by(agent: Agent, count: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, *agent.observation_shape)).astype(np.float32)


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("model", MODELS)
def test_its_preferences_are_the_mean_of_its_members(algorithm: str, model: str) -> None:
    committee = Committee.of(agents(config(algorithm, model), 5))
    seen = seen_by(committee)
    of_members = [member.preferences(seen) for member in committee.members]
    mean = np.mean([each if algorithm == "dqn" else softmax(each) for each in of_members], axis=0)
    found = committee.preferences(seen)
    np.testing.assert_allclose(found if algorithm == "dqn" else np.exp(found), mean, rtol=1e-5, atol=1e-6)
    assert [committee.act(each) for each in seen] == mean.argmax(1).tolist()
    assert len({tuple(each.argmax(1)) for each in of_members}) > 1


@given(
    seeds=st.lists(st.integers(0, 30), min_size=1, max_size=6),
    scale=st.floats(0.1, 3000.0),
    algorithm=st.sampled_from(ALGORITHMS),
)
def test_it_prefers_the_action_with_the_greatest_mean(seeds: list[int], scale: float, algorithm: str) -> None:
    """Also where probabilities are too small for float32."""
    pool = agents(config(algorithm), 31, scale=scale)
    committee = Committee.of([pool[seed] for seed in seeds])
    seen = seen_by(committee, 4)
    each = [member.preferences(seen).astype(np.float64) for member in committee.members]
    mean = np.mean(each if algorithm == "dqn" else [softmax(logits) for logits in each], axis=0)
    found = committee.preferences(seen)
    assert np.isfinite(found).all()
    chosen = np.take_along_axis(mean, found.argmax(1)[:, None], 1)[:, 0]
    assert (chosen >= mean.max(1) * (1 - 1e-5) - 1e-5 * np.abs(mean).max()).all()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("model", MODELS)
def test_a_committee_of_one_is_its_member(algorithm: str, model: str) -> None:
    """To the last bit: preferences, positions, equity."""
    (alone,) = agents(config(algorithm, model), 1)
    committee = Committee.of([alone])
    seen = seen_by(alone)
    assert np.array_equal(committee.preferences(seen), alone.preferences(seen))
    records = [track_record_of(each, market(), market().splits.test, "test") for each in (alone, committee)]
    assert np.array_equal(records[0].position, records[1].position)
    assert np.array_equal(records[0].equity, records[1].equity)
    assert len(set(records[0].position.tolist())) > 1


def test_by_chance_it_draws_from_the_mean_probabilities() -> None:
    committee = Committee.of(agents(config(), 4))
    seen = seen_by(committee, 1)
    odds = np.mean([softmax(member.preferences(seen))[0] for member in committee.members], axis=0)
    chance = np.random.default_rng(2)
    drawn = [committee.act(seen[0], chance) for _ in range(600)]
    for action in Action:
        assert drawn.count(action) / 600 == pytest.approx(odds[action], abs=4 * np.sqrt(0.25 / 600))
    with pytest.raises(InputError, match="no probabilities"):
        Committee.of(agents(config("dqn"), 2)).act(seen[0], chance)


def test_a_committee_that_may_not_be_short_is_not(tmp_path: Path) -> None:
    bold, shy = (Committee.of(agents(config(allow_short=allowed), 3)) for allowed in (True, False))
    seen = seen_by(bold)
    assert Action.SHORT in [bold.act(each) for each in seen]
    instead: dict[int, int] = {Action.SHORT: Action.FLAT}
    assert [shy.act(each) for each in seen] == [instead.get(bold.act(each), bold.act(each)) for each in seen]
    assert track_record_of(shy, market(), market().splits.test, "test").position.min() == 0
    shy.export(tmp_path / "shy.pt2", seen)
    act = torch.export.load(tmp_path / "shy.pt2").module()
    assert [act(torch.from_numpy(each[None]))[1].item() for each in seen] == [shy.act(each) for each in seen]


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("standardizers", [[0, 0, 0], [0, 1, 0, 2], [1, 0]])
def test_members_see_what_they_see_alone(model: str, standardizers: Sequence[int]) -> None:
    """Members with other standardizers give the same preferences in the committee, to the last bit."""
    own = [each.standardizer for each in agents(config(), 3, shift=4.5)]
    members = [
        replace(agent, standardizer=own[place])
        for agent, place in zip(agents(config("dqn", model), len(standardizers)), standardizers, strict=True)
    ]
    committee = Committee.of(members)
    features, different = len(own[0].names), len(set(standardizers))
    assert committee.observation_shape == (4, different * features + len(ACCOUNT_FEATURES))
    account = AccountView(position=1, gain=0.01, held=5, drawdown=0.02)
    bars = frame().iloc[: 700 + committee.bars_needed]
    seen = committee.observation(bars, account)
    in_committee = committee.policy.of_members(torch.from_numpy(committee.weights), torch.from_numpy(seen)[None, None])[
        0, :, :, 0
    ]
    alone = [member.observation(bars, account) for member in members]
    assert different == 1 or max(np.abs(each[:, :features]).max() for each in alone) == CLIP
    expected = np.stack([member.preferences(each[None])[0] for member, each in zip(members, alone, strict=True)])
    assert np.array_equal(in_committee.numpy(), expected)
    assert np.array_equal(committee.preferences(seen[None])[0], _mean(expected))


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean of float32 numbers over the first axis, added in order."""
    total = values[0]
    for value in values[1:]:
        total = total + value
    return np.asarray(total / np.float32(len(values)))


@pytest.mark.parametrize("shift", [0.0, 0.7])
def test_it_is_scored_as_it_acts(shift: float) -> None:
    """Bar by bar in another environment, with the features of all standardizers."""
    committee = Committee.of(agents(config(model="gru"), 4, shift=shift))
    data = prepare_bars(BARS, committee.config.data, committee.standardizer)
    record = track_record_of(committee, data, data.splits.validation, "validation")
    assert {*SCORES} <= record.metrics.keys()
    assert record.made_of["seeds"] == [0, 1, 2, 3]
    seen = observations_on(committee, data, data.splits.validation)
    assert [committee.act(each) - 1 for each in seen[:50]] == record.position[:50].tolist()
    start = data.splits.validation.start
    live = committee.observation(frame().iloc[: start + 1])
    assert np.array_equal(live, seen[0])


def test_a_step_of_the_mean_is_not_that_of_a_member() -> None:
    committee = Committee.of(agents(config(), 5))
    records = [
        track_record_of(each, market(), market().splits.test, "test") for each in (committee, *committee.members)
    ]
    assert len({record.position.tobytes() for record in records}) == len(records)


@pytest.mark.parametrize("shifts", [(0.0, 0.0, 0.0), (0.0, 0.7, 1.4), (0.0, 0.7, 0.0, 0.7)])
@pytest.mark.parametrize(("algorithm", "model"), [("ppo", "mlp"), ("dqn", "gru")])
def test_members_earn_side_by_side_what_they_earn_alone(algorithm: str, model: str, shifts: Sequence[float]) -> None:
    whole = config(algorithm, model)
    of_shift = [agents(whole, 2, shift=shift)[1].standardizer for shift in shifts]
    members = agents(whole, len(shifts))
    moved = [replace(member, standardizer=own) for member, own in zip(members, of_shift, strict=True)]
    check_members(Committee.of(moved), BARS)


@pytest.mark.parametrize("shift", [0.0, 0.7])
@pytest.mark.parametrize("algorithm", ["ppo", "dqn"])
def test_a_committee_goes_round(tmp_path: Path, algorithm: str, shift: float) -> None:
    path = tmp_path / "committee.safetensors"
    committee = Committee.of(agents(config(algorithm), 3, shift=shift))
    committee.save(path)
    loaded = fxai.load_agent(str(path))
    assert isinstance(loaded, fxai.Committee)
    assert loaded.seeds == (0, 1, 2)
    seen = seen_by(committee)
    assert np.array_equal(loaded.preferences(seen), committee.preferences(seen))
    for member, saved in zip(loaded.members, committee.members, strict=True):
        assert replace(member, weights=saved.weights) == saved
        assert np.array_equal(member.weights, saved.weights)
    assert read_tensors(path)[1]["weights"].shape == (3, committee.members[0].policy.size)


@pytest.mark.parametrize("shift", [0.0, 0.7])
@pytest.mark.parametrize("model", MODELS)
def test_an_exported_committee_acts_the_same(tmp_path: Path, model: str, shift: float) -> None:
    committee = Committee.of(agents(config("dqn" if model == "gru" else "ppo", model), 3, shift=shift))
    seen = seen_by(committee)
    committee.export(tmp_path / "committee.pt2", seen)
    act = torch.export.load(tmp_path / "committee.pt2").module()
    for each in seen:
        preferences, action = act(torch.from_numpy(each[None]))
        np.testing.assert_allclose(preferences.numpy(), committee.preferences(each[None]), rtol=1e-4, atol=1e-4)
        assert action.item() == committee.act(each)


@pytest.mark.parametrize(("algorithm", "shift"), [("ppo", 0.7), ("dqn", 0.0)])
def test_a_committee_in_onnx_acts_the_same(tmp_path: Path, algorithm: str, shift: float) -> None:
    runtime = pytest.importorskip("onnxruntime", reason="needs ONNX: `poetry install --extras onnx`")
    pytest.importorskip("onnxscript", reason="needs ONNX: `poetry install --extras onnx`")
    committee = Committee.of(agents(config(algorithm), 3, shift=shift))
    seen = seen_by(committee)
    committee.export(tmp_path / "committee.onnx", seen)
    session = runtime.InferenceSession(tmp_path / "committee.onnx")
    for each in seen:
        preferences, action = session.run(["preferences", "action"], {"observation": each[None]})
        np.testing.assert_allclose(preferences, committee.preferences(each[None]), rtol=1e-4, atol=1e-4)
        assert action.item() == committee.act(each)


def test_what_is_no_committee_is_refused() -> None:
    first, second = agents(config(), 2)
    with pytest.raises(InputError, match="at least one agent"):
        Committee.of([])
    with pytest.raises(InputError, match="agent 1 is a committee"):
        Committee.of([first, Committee.of([second])])
    with pytest.raises(InputError, match=r"agent 1 differs from agent 0 in config$"):
        Committee.of([first, replace(second, config=config("a2c"))])
    with pytest.raises(InputError, match=r"agent 1 differs from agent 0 in data_hash, scoring_env$"):
        Committee.of([first, replace(second, data_hash="other", scoring_env=None)])
    renamed = replace(second.standardizer, names=("other", *second.standardizer.names[1:]))
    with pytest.raises(InputError, match=r"agent 1 differs from agent 0 in features$"):
        Committee.of([first, replace(second, standardizer=renamed)])


def _without_a_member(header: dict[str, Any], weights: Array) -> Array:
    header["members"].pop()
    return weights


def _without_members(header: dict[str, Any], weights: Array) -> Array:
    header["members"] = []
    return weights[:0]


def _short_weights(header: dict[str, Any], weights: Array) -> Array:
    return weights[:, :-1]


def _flat_weights(header: dict[str, Any], weights: Array) -> Array:
    return weights.flatten()


def _newer_format(header: dict[str, Any], weights: Array) -> Array:
    header["format"] = "fxai committee 9"
    return weights


def _short_standardizer(header: dict[str, Any], weights: Array) -> Array:
    header["members"][0]["standardizer"]["mean"].pop()
    return weights


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without_a_member, "the shape of the weights does not match"),
        (_without_members, "members: Tuple should have at least 1 item"),
        (_short_weights, "the shape of the weights does not match"),
        (_flat_weights, "the shape of the weights does not match"),
        (_newer_format, "format: Input should be 'fxai committee 1' or 'fxai committee 2'"),
        (_short_standardizer, "members.0.standardizer: Value error, 14 names of features, 13 means"),
    ],
)
def test_a_damaged_committee_is_one_message(tmp_path: Path, damage: object, message: str) -> None:
    path = tmp_path / "committee.safetensors"
    Committee.of(agents(config(), 3)).save(path)
    header, tensors = read_tensors(path)
    assert callable(damage)
    weights = damage(header, tensors["weights"])
    write_tensors(path, header, {"weights": weights})
    with pytest.raises(InputError, match=r"committee\.safetensors") as refused:
        load_agent(path)
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)
