"""Ensembles in a spec: kinds, keys of members, search spaces, votes that may tie."""

from typing import Any

import pytest
import yaml

from fxai.errors import SpecError
from fxai.spec.checks.advice import advice
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import NAMES
from fxai.spec.fields.ensemble_members import count_members, ensemble_members
from fxai.spec.fields.ensemble_training import MEMBER_ALGORITHMS
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.search.configure import default_params, trial_config
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml

RATE: dict[str, Any] = {"name": "training.learning_rate", "type": "float_log", "low": 1e-5, "high": 1e-3}


def study(config: dict[str, Any], *parameters: dict[str, Any]) -> StudySpec:
    written = {"study_name": "s", "training_config": config, "parameters": [RATE, *parameters], "n_trials": 5}
    return spec_of(parse_yaml(yaml.safe_dump({"name": "x", "studies": [written]}), "spec.yaml")).studies[0]


def faults(config: dict[str, Any], *parameters: dict[str, Any]) -> list[str]:
    with pytest.raises(SpecError) as error:
        study(config, *parameters)
    return [f"{problem.key}: {problem.message}" for problem in error.value.problems]


def choice(place: int, *kinds: str, **keys: Any) -> dict[str, Any]:
    return {"name": f"ensemble.agents.{place}", "type": "categorical", "choices": list(kinds), **keys}


SIZE = {"name": "ensemble.size", "type": "int", "low": 2, "high": 4}


@pytest.mark.parametrize(
    ("config", "fault"),
    [
        ({"ensemble": {"agents": ["d3qx"]}}, "ensemble.agents[0]: unknown kind of agent 'd3qx'; did you mean 'd3qn'?"),
        ({"ensemble": {"agents": []}}, "ensemble.agents: must have at least 1"),
        ({"ensemble": {"vote": "weighted"}}, "ensemble: needs agents"),
        ({"ensemble": {"agents": ["ppo"], "size": 2}}, "ensemble: size 2 is more than the number of agents, 1"),
        ({"ensemble": {"agents": ["ppo"], "votes": 2}}, "ensemble.votes: unknown key; did you mean 'vote'?"),
        (
            {"ensemble": {"agents": ["d3qn"]}, "training": {"clip_epsilon": 0.1}},
            "training.clip_epsilon: no member of the ensemble has this key, a key of ppo; all are dqn",
        ),
        (
            {"ensemble": {"agents": ["ppo", "a2c"]}, "training": {"buffer_size": 100}},
            "training.buffer_size: no member of the ensemble has this key, a key of dqn; all are a2c, ppo",
        ),
        (
            {"ensemble": {"agents": ["d3qn"]}, "training": {"twin": True}},
            "training.twin: an ensemble has no 'twin'; the kinds in ensemble.agents set it",
        ),
        (
            {"ensemble": {"agents": ["d3qn", "ppo"]}, "training": {"batch_size": 5000}},
            "training: a member ppo: batch_size 5000 is more than one rollout holds",
        ),
        (
            {"ensemble": {"agents": ["ppo"]}, "training": {"algorithm": "ppo"}},
            "training: algorithm ppo is not trained beside ensemble.agents; write algorithm: ensemble",
        ),
        ({"training": {"algorithm": "ensemble"}}, "training: algorithm ensemble needs ensemble.agents"),
    ],
)
def test_a_fault_names_its_key(config: dict[str, Any], fault: str) -> None:
    found = faults(config)
    assert any(each.startswith(f"studies[0].training_config.{fault}") for each in found), found


@pytest.mark.parametrize(
    ("config", "parameter", "fault"),
    [
        ({}, SIZE, "parameters[1].name: training_config has no ensemble"),
        ({"ensemble": {"agents": ["d3qn", "ppo"]}}, SIZE, "parameters[1].high: 4 is more than the agents"),
        (
            {"ensemble": {"agents": ["d3qn"]}},
            choice(1, "ppo"),
            "parameters[1].name: training_config.ensemble.agents has 1",
        ),
        (
            {"ensemble": {"agents": ["d3qn"]}},
            choice(9, "ppo"),
            "parameters[1].name: training_config has no 'ensemble.agents",
        ),
        (
            {"ensemble": {"agents": ["d3qn"]}},
            choice(0, "d3qn", "pppo"),
            "parameters[1].choices[1]: ensemble.agents.0 unknown",
        ),
        (
            {"ensemble": {"agents": ["d3qn"]}},
            {"name": "training.gae_lambda", "type": "float", "low": 0.9, "high": 1.0},
            "parameters[1].name: no member of the ensemble has this key, a key of ppo and a2c",
        ),
    ],
)
def test_a_fault_of_the_search_space(config: dict[str, Any], parameter: dict[str, Any], fault: str) -> None:
    found = faults(config, parameter)
    assert any(each.startswith(f"studies[0].{fault}") for each in found), found


def test_kinds_and_their_number_are_searched() -> None:
    made = study(
        {"ensemble": {"agents": ["d3qn", "double_dqn", "ppo", "a2c"]}, "training": {"buffer_size": 2000}},
        SIZE,
        choice(0, "d3qn", "ppo"),
        choice(2, "DoubleDQN", "ppo", when={"ensemble.size": [3, 4]}),
    )
    assert default_params(made)["ensemble.size"] == 3
    params: dict[str, Choice] = {"ensemble.size": 3, "ensemble.agents.0": "ppo", "ensemble.agents.2": "DoubleDQN"}
    config = trial_config(made, {RATE["name"]: 1e-4, **params})
    assert [each.name for each in ensemble_members(config)] == ["ppo_0", "double_dqn_1", "double_dqn_2"]
    assert TrainingConfig.model_validate(config.model_dump(mode="json")) == config


def test_a_key_that_a_searched_kind_has_is_accepted() -> None:
    made = study({"ensemble": {"agents": ["ppo"]}, "training": {"buffer_size": 2000}}, choice(0, "ppo", "d3qn"))
    config = trial_config(made, {RATE["name"]: 1e-4, "ensemble.agents.0": "d3qn"})
    (member,) = ensemble_members(config)
    assert member.config.training.model_dump()["buffer_size"] == 2000


@pytest.mark.parametrize("kind", NAMES)
def test_a_member_has_the_keys_of_its_algorithm(kind: str) -> None:
    """Written keys are those of the ensemble; the others, of this algorithm alone, have its defaults."""
    written = {"learning_rate": 1e-4, "n_envs": 4, "clip_epsilon": 0.1, "target_tau": 0.5, "entropy_coef": 0.2}
    config = TrainingConfig.model_validate({"ensemble": {"agents": ["ppo", kind]}, "training": written})
    member = ensemble_members(config)[-1].config
    assert count_members(member) == 1
    training = member.training.model_dump()
    alone = TrainingConfig.model_validate({"training": {"algorithm": kind}}).training.model_dump()
    assert training.keys() == alone.keys()
    shared = AlgorithmConfig.model_fields.keys() - {"algorithm"}
    for key in training.keys() - shared - {"gradient_steps"}:
        assert training[key] == written.get(key, alone[key])
    for key in shared:
        assert training.get(key) == config.training.model_dump().get(key)


def test_dqn_takes_as_many_gradient_steps_for_a_transition_as_alone() -> None:
    config = TrainingConfig.model_validate({"ensemble": {"agents": ["dqn"]}, "training": {"n_envs": 8}})
    training = ensemble_members(config)[0].config.training
    alone = MEMBER_ALGORITHMS["dqn"].model_validate({})
    ratio = [each.model_dump()["gradient_steps"] / each.rollout_size for each in (training, alone)]
    assert ratio[0] == ratio[1]


def test_studies_without_ensembles_keep_their_fingerprint() -> None:
    assert "ensemble" not in TrainingConfig().model_dump()
    assert "ensemble" not in str(fingerprint(study({})))
    assert "ensemble" in str(fingerprint(study({"ensemble": {"agents": ["ppo"]}})))


@pytest.mark.parametrize(
    ("ensemble", "parameters", "warned"),
    [
        ({"agents": ["ppo", "a2c"]}, [], True),
        ({"agents": ["ppo", "a2c"], "ties": "preferences"}, [], False),
        ({"agents": ["ppo", "a2c"], "vote": "weighted"}, [], False),
        ({"agents": ["ppo", "a2c", "dqn"]}, [], False),
        ({"agents": ["ppo"], "seeds": 2}, [], True),
        ({"agents": ["ppo", "a2c", "dqn", "d3qn"], "size": 3}, [SIZE], True),
    ],
)
def test_an_even_number_of_votes_may_tie(
    ensemble: dict[str, Any], parameters: list[dict[str, Any]], *, warned: bool
) -> None:
    lines = advice(study({"ensemble": ensemble}, *parameters))
    assert any("may tie; the rule is ensemble.ties: preferences" in line for line in lines) is warned
