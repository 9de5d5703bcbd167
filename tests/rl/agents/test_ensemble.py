"""Ensembles of agents of several kinds: decisions, files, exports, committees."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
import torch

from fxai.errors import InputError
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.markets.instruments import MarketSet
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.market.scores.track_record import read_track_record
from fxai.rl.agents.agent import Voter
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.ensemble import Ensemble
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from fxai.rl.agents.trained_ensemble import member_seed, trained_ensemble
from fxai.rl.agents.trajectory import observations_on, track_record_of
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import ACCOUNT_FEATURES
from fxai.spec.fields.ensemble_members import ensemble_members
from fxai.spec.fields.training_config import TrainingConfig
from members_alone import check_members

KINDS = ["twin_d3qn", "ppo", "dqn"]


@cache
def market() -> Market:
    return prepare_bars(synthetic_market(seed=1, bars=800), TrainingConfig().data)


def config(*kinds: str, **ensemble: object) -> TrainingConfig:
    return TrainingConfig.model_validate(
        {
            "ensemble": {"agents": kinds or KINDS, **ensemble},
            "env": {"max_episode_steps": 50, "observation_window": 3},
            "model": {"d_model": 8, "n_layers": 1},
        }
    )


def ensemble(whole: TrainingConfig, seed: int = 0, shift: float = 0.0) -> Ensemble:
    """An untrained ensemble whose members differ; another shift gives another standardizer."""
    shape = (whole.env.observation_window, len(market().standardizer.names) + len(ACCOUNT_FEATURES))
    parts = []
    for member in ensemble_members(whole):
        own = torch.tensor([member_seed(seed, member.repetition)])
        parts.append(build_policy(member.config, shape, 3).initial(own) * 100)
    count = len(parts)
    markets = MarketSet.of_one(market(), whole.data)
    weights = torch.cat([*parts, torch.full((1, count), 1 / count)], 1).numpy()
    made = trained_ensemble(whole, seed, markets, weights, whole.env)
    fitted = made.standardizer
    moved = replace(fitted, mean=tuple(m + shift * s for m, s in zip(fitted.mean, fitted.std, strict=True)))
    voters = [Voter(each.kind, replace(each.agent, standardizer=moved), each.weight) for each in made.voters]
    return Ensemble.of(made, voters)


def seen_by(agent: Ensemble | Committee, count: int = 40) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, *agent.observation_shape)).astype(np.float32)


def test_it_acts_by_the_majority_of_its_members() -> None:
    agent = ensemble(config())
    assert list(agent.members) == ["twin_d3qn_0", "ppo_1", "dqn_2"]
    seen = seen_by(agent)
    each = np.stack([member.preferences(seen).argmax(1) for member in agent.members.values()])
    disagreed = 0
    for observation, actions in zip(seen, each.T, strict=True):
        counts = np.bincount(actions, minlength=3)
        disagreed += counts.max() < len(actions)
        if counts.max() > 1:
            assert agent.act(observation) == counts.argmax()
    assert disagreed


def test_members_of_one_kind_have_different_seeds() -> None:
    members = ensemble_members(config("ppo", "d3qn", "ppo", seeds=2))
    assert [each.name for each in members] == ["ppo_0", "ppo_1", "ppo_2", "ppo_3", "d3qn_4", "d3qn_5"]
    assert len({member_seed(7, each.repetition) for each in members if each.kind == "ppo"}) == 4
    assert member_seed(7, 0) == 7


def test_a_file_holds_each_member_by_its_name(tmp_path: Path) -> None:
    agent = ensemble(config(vote="weighted", ties="flat"), seed=5)
    voters = [replace(each, weight=weight) for each, weight in zip(agent.voters, (0.5, 0.3, 0.2), strict=True)]
    agent = Ensemble.of(agent, voters)
    path = tmp_path / "agent.safetensors"
    agent.save(path)
    _, tensors = read_tensors(path)
    assert set(tensors) == set(agent.members)
    loaded = load_agent(path)
    assert isinstance(loaded, Ensemble)
    assert (loaded.seeds, loaded.config, loaded.standardizer) == (agent.seeds, agent.config, agent.standardizer)
    assert np.array_equal(loaded.weights, agent.weights)
    seen = seen_by(agent)
    np.testing.assert_array_equal(loaded.preferences(seen), agent.preferences(seen))


@pytest.mark.parametrize("shift", [0.0, 0.3])
def test_a_committee_of_ensembles_is_one_vote_of_all_members(shift: float, tmp_path: Path) -> None:
    """Also where the ensembles have different standardizers, as those of confirmations in folds."""
    committee = Committee.of([ensemble(config(), seed=1), ensemble(config(), seed=2, shift=shift)])
    assert [each.kind for each in committee.voters] == ["twin_d3qn"] * 2 + ["ppo"] * 2 + ["dqn"] * 2
    assert len(committee.standardizer.names) == (2 if shift else 1) * len(market().standardizer.names)
    path = tmp_path / "agent.safetensors"
    committee.save(path)
    loaded = load_agent(path)
    assert isinstance(loaded, Committee)
    assert loaded.seeds == (1, 2)
    seen = seen_by(committee)
    np.testing.assert_array_equal(loaded.preferences(seen), committee.preferences(seen))
    shares = committee.preferences(seen)
    np.testing.assert_allclose(np.round(shares * 6) / 6, shares, atol=1.1e-3)


@pytest.mark.parametrize("shifts", [(0.0, 0.0), (0.0, 0.5)])
def test_ensembles_of_a_committee_earn_what_they_earn_alone(shifts: tuple[float, ...]) -> None:
    of_seeds = [ensemble(config(), seed, shift) for seed, shift in enumerate(shifts)]
    check_members(Committee.of(of_seeds), synthetic_market(seed=1, bars=800))


def test_members_stand_beside_the_ensemble(tmp_path: Path) -> None:
    agent, span = ensemble(config()), market().splits.validation
    record = track_record_of(agent, market(), span, "validation")
    for name, member in agent.members.items():
        alone = track_record_of(member, market(), span, "validation")
        assert record.member_metrics[name] == {key: alone.metrics[key] for key in record.member_metrics[name]}
        assert not alone.member_metrics
    record.write(tmp_path / "record.json")
    assert read_track_record(tmp_path / "record.json").member_metrics == record.member_metrics


def test_an_export_acts_like_the_ensemble(tmp_path: Path) -> None:
    agent = ensemble(config())
    seen = observations_on(agent, market(), market().splits.validation)
    agent.export(tmp_path / "agent.pt2", seen)
    exported = torch.export.load(tmp_path / "agent.pt2").module()
    assert [int(exported(torch.from_numpy(each[None]))[1]) for each in seen[:20]] == [agent.act(e) for e in seen[:20]]


def test_it_has_no_probabilities() -> None:
    agent = ensemble(config())
    with pytest.raises(InputError, match="an ensemble has votes and no probabilities"):
        agent.act(seen_by(agent)[0], np.random.default_rng(0))


def test_a_file_without_a_member_is_damaged(tmp_path: Path) -> None:
    agent = ensemble(config())
    path = tmp_path / "agent.safetensors"
    agent.save(path)
    header, tensors = read_tensors(path)
    write_tensors(path, header, {name: tensor for name, tensor in tensors.items() if name != "ppo_1"})
    with pytest.raises(InputError, match="damaged"):
        load_agent(path)
