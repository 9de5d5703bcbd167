"""Names that stand for DQN with its switches, wherever `algorithm` is written."""

from typing import Any

import pytest

from fxai.errors import SpecError
from fxai.spec.fields.algorithm import ALGORITHMS, algorithm_named
from fxai.spec.fields.algorithm_names import NAMES, SPELLINGS, SWITCHES, VARIANTS
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.config_override import override_config
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.schema import json_schema

HEAD = "name: quick\nstudies:\n- study_name: one\n  direction: maximize\n  n_trials: 3\n"
SEARCH = "  parameters: [{name: training.gamma, type: float, low: 0.5, high: 0.9}]\n"


def switches(config: TrainingConfig) -> list[str]:
    """The switches that are on, of a DQN."""
    assert isinstance(config.training, DqnConfig)
    return [name for name in SWITCHES if getattr(config.training, name)]


def validated(**section: Any) -> TrainingConfig:
    return TrainingConfig.model_validate({"training": section})


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("dqn", "DQN", "AgentDQN"), []),
        (("double_dqn", "DoubleDQN", "doubledqn", "AgentDoubleDQN", "DDQN", "double-dqn"), ["double"]),
        (("dueling_dqn", "DuelingDQN"), ["dueling"]),
        (("d3qn", "D3QN", "AgentD3QN"), ["double", "dueling"]),
        (("twin_d3qn", "TwinD3QN", "agenttwind3qn", "TWIN_D3QN"), ["double", "dueling", "twin"]),
    ],
)
def test_a_name_sets_its_switches(names: tuple[str, ...], expected: list[str]) -> None:
    for name in names:
        assert switches(validated(algorithm=name)) == expected


def test_every_algorithm_and_variant_has_a_name() -> None:
    assert set(NAMES) == {*ALGORITHMS, *VARIANTS}
    assert {switch for switches in VARIANTS.values() for switch in switches} == set(SWITCHES)


def test_other_algorithms_in_any_case() -> None:
    assert validated(algorithm="AgentPPO", n_epochs=2).training.algorithm == "ppo"
    assert validated(algorithm="A2C").training.algorithm == "a2c"


def test_what_is_stored_is_dqn_with_switches() -> None:
    written = validated(algorithm="dqn", double=True, dueling=True)
    assert validated(algorithm="D3QN") == written
    assert TrainingConfig.model_validate(written.model_dump()) == written
    assert switches(validated(algorithm="d3qn", twin=True)) == ["double", "dueling", "twin"]


@pytest.mark.parametrize("value", [False, "no"])
def test_a_name_and_a_switch_that_contradict_each_other(value: object) -> None:
    with pytest.raises(ValueError, match="algorithm 'D3QN' has dueling: true; write algorithm: dqn to set each switch"):
        validated(algorithm="D3QN", dueling=value)


def test_a_spec_with_a_name(tmp_path: Any) -> None:
    path = tmp_path / "named.yaml"
    training = "{training: {algorithm: TwinD3QN, buffer_size: 5000}}"
    path.write_text(f"{HEAD}{SEARCH}  training_config: {training}\n")
    (study,) = load_spec(path).studies
    assert isinstance(study.training_config, TrainingConfig)
    assert switches(study.training_config) == ["double", "dueling", "twin"]
    path.write_text(f"{HEAD}{SEARCH}  training_config: {{training: {{algorithm: d3qn, double: false}}}}\n")
    with pytest.raises(SpecError, match=r":7: .*'d3qn' has double: true"):
        load_spec(path)


def test_a_name_replaces_the_switches_of_an_extended_spec(tmp_path: Any) -> None:
    base, own = tmp_path / "base.yaml", tmp_path / "own.yaml"
    base.write_text(f"{HEAD}{SEARCH}  training_config: {{training: {{algorithm: twin_d3qn, buffer_size: 5000}}}}\n")
    training = "training_config: {training: {algorithm: double_dqn}}"
    own.write_text(f"name: own\nextends: {base}\nstudies:\n- study_name: one\n  {training}\n")
    (study,) = load_spec(own).studies
    config = study.training_config
    assert isinstance(config, TrainingConfig)
    assert isinstance(config.training, DqnConfig)
    assert (switches(config), config.training.buffer_size) == (["double"], 5000)


def test_a_name_on_the_command_line() -> None:
    twin = override_config(TrainingConfig(), {"training.algorithm": "TwinD3QN", "training.n_step": "2"})
    assert (switches(twin), twin.training.model_dump()["n_step"]) == (["double", "dueling", "twin"], 2)
    single = override_config(twin, {"training.algorithm": "double_dqn"})
    assert (switches(single), single.training.model_dump()["n_step"]) == (["double"], 2)
    assert switches(override_config(twin, {"training.algorithm": "dqn"})) == ["double", "dueling", "twin"]


def test_the_schema_has_the_names() -> None:
    definitions = json_schema()["$defs"]
    records = {name: definitions[record.__name__]["properties"]["algorithm"] for name, record in ALGORITHMS.items()}
    for name in (*NAMES, *SPELLINGS):
        assert [owner for owner, key in records.items() if name in key["enum"]] == [algorithm_named(name)]
