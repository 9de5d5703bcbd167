"""The shipped search of the contest: its parameters, presets and metrics, and faults of the files made from it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fxai.errors import SpecError
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.fields.ensemble_members import ensemble_members
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.configure import default_params, trial_config
from fxai.spec.search.parameters import CategoricalParameter, grid_values
from fxai.spec.search.study import StudySpec

WIDTHS = (64, 512, False)
CONTEST: dict[str, Any] = {  # low, high and whether the scale is logarithmic, or the choices
    "net_dims_0": WIDTHS,
    "net_dims_1": WIDTHS,
    "net_dims_2": WIDTHS,
    "learning_rate": (1e-6, 1e-3, True),
    "gamma": (0.99, 0.999, False),
    "explore_rate": (0.001, 0.1, True),
    "batch_size": [128, 256, 512, 1024],
    "buffer_size_multiplier": (4, 16, False),
    "horizon_len_multiplier": (1, 4, False),
    "repeat_times": (1, 4, False),
    "num_sims": [32, 64, 128, 256],
    "step_gap": (1, 5, False),
    "slippage": (1e-8, 1e-5, True),
    "max_position": (1, 3, False),
    "n_ensemble_agents": (2, 4, False),
}
KINDS = {"d3qn", "double_dqn", "twin_d3qn", "ppo", "a2c"}


def shipped(**settings: str) -> StudySpec:
    return override(load_spec(find_spec("crypto_ensemble")), settings).studies[0]


def test_the_parameters_are_those_of_the_contest() -> None:
    found: dict[str, Any] = {}
    for each in shipped().parameters:
        is_choice = isinstance(each, CategoricalParameter)
        found[each.name] = list(each.choices) if is_choice else (each.low, each.high, each.log)
    agents = {f"agent_{place}" for place in range(4)}
    assert found.keys() == CONTEST.keys() | agents
    assert {name: found[name] for name in CONTEST} == CONTEST
    assert all(set(found[name]) == KINDS for name in agents)


@pytest.mark.parametrize(("preset", "trials"), [("quick", 20), ("thorough", 200), ("production", 500)])
def test_a_preset_is_a_number_of_trials(preset: str, trials: int) -> None:
    assert shipped(preset=preset).n_trials == trials


@pytest.mark.parametrize(
    ("metric", "stored"), [("sharpe_ratio", "sharpe"), ("total_return", "total_return"), ("romad", "romad"),
                           ("cumulative_return", "total_return")],
)  # fmt: skip
def test_a_metric_of_the_contest_is_known(metric: str, stored: str) -> None:
    assert shipped(metric_name=metric).metric_name == stored


def test_the_ends_of_the_ranges_are_configurations() -> None:
    """All parameters at one end, for each kind of agent, unless a constraint keeps the point out."""
    study = shipped()
    points = 0
    for end in (0, -1):
        for kind in KINDS:
            params = default_params(study)
            for each in study.parameters:
                if each.name.startswith("agent_"):
                    params[each.name] = kind
                elif each.kind == "float":
                    params[each.name] = (each.low, each.high)[end]
                else:
                    params[each.name] = grid_values(each)[end]
            assert violated_constraints(study, params) == ()
            config = trial_config(study, params)
            points += len(ensemble_members(config))
            assert config.training.model_dump()["gradient_steps"] * config.training.total_updates <= 160
    assert points == len(KINDS) * (2 + 4)


@pytest.mark.parametrize(
    ("setting", "fault"),
    [
        ({"ensemble": {"agents": ["d3qx", "ppo"], "size": 2}}, "unknown kind of agent 'd3qx'; did you mean 'd3qn'"),
        ({"training": {"buffer_multiplier": 1}}, "is more than the 512 transitions of buffer_multiplier 1"),
        ({"env": {"step_gap": 0}}, "step_gap"),
        ({"env": {"max_position": 0}}, "max_position"),
    ],
)
def test_a_fault_names_the_file_and_the_key(tmp_path: Path, setting: dict[str, Any], fault: str) -> None:
    path = tmp_path / "mine.yaml"
    studies = [{"study_name": "mine", "training_config": setting}]
    path.write_text(yaml.safe_dump({"name": "mine", "extends": "crypto_ensemble", "studies": studies}))
    with pytest.raises(SpecError, match=fault) as caught:
        load_spec(path)
    assert "mine.yaml" in str(caught.value)
