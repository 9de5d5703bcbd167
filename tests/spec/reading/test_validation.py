"""Each check between fields runs on a valid study, and on the valid parts of an invalid one, with the same message."""

from typing import Any

import pytest

from fxai.spec.reading.validation import validate_spec
from fxai.spec.search.findings import Finding

GAMMA = {"name": "training.gamma", "kind": "float", "low": 0.9, "high": 0.99}
STUDY: dict[str, Any] = {"study_name": "s", "parameters": [GAMMA]}
COMMAND = {"objective": {"command": ["train", "{lr}"]}, "parameters": [{**GAMMA, "name": "gamma"}]}
FAULTS: dict[str, dict[str, Any]] = {
    "parameters.1.name": {"parameters": [GAMMA, GAMMA]},
    "parameters.0.name": {"parameters": [{**GAMMA, "name": "training.gama"}]},
    "parameters.0.high": {"parameters": [{**GAMMA, "high": 1.5}]},
    "parameters.0.when.model.typ": {"parameters": [{**GAMMA, "when": {"model.typ": ["gru"]}}]},
    "fixed.data.source": {"fixed": {"data.source": "bars.csv"}},
    "fixed.model.widths.3": {"fixed": {"model.widths.3": 8}},
    "constraints.0": {"constraints": ["gama < 1"]},
    "parameters.0": {"sampler": {"type": "GridSampler"}},
    "enqueue.0.gama": {"enqueue": [{"gama": 1}]},
    "resources.lanes_per_worker": {"seeds_per_trial": 4, "resources": {"lanes_per_worker": 2}},
    "search.ready_interval": {"search": {"type": "pbt", "population": 4, "ready_interval": 7}},
    "objective.command.1": COMMAND,
    "stop.env_steps": {"objective": "a:b", "parameters": [{**GAMMA, "name": "g"}], "stop": {"env_steps": 9}},
}


def faults(**settings: Any) -> list[Finding]:
    return validate_spec({"name": "x", "studies": [{**STUDY, **settings}]})[1]


@pytest.mark.parametrize("key", FAULTS)
def test_a_cross_field_fault_is_found_once_beside_other_faults(key: str) -> None:
    alone = faults(**FAULTS[key])
    assert [".".join(map(str, path[2:])) for path, _ in alone] == [key]
    among_others = faults(**FAULTS[key], n_trials=-1, retries="many")
    invalid = {("studies", 0, "n_trials"), ("studies", 0, "retries")}
    assert [each for each in among_others if each.path not in invalid] == alone
    assert len(among_others) == 3


@pytest.mark.parametrize("parameters", [3, [], [{"kind": "float", "low": 0, "high": 1}]])
def test_unknown_names_are_not_reported_where_the_parameters_are_invalid(parameters: Any) -> None:
    found = faults(**{**COMMAND, "parameters": parameters}, enqueue=[{"lr": 1}], constraints=["lr < 1"])
    assert {path[2] for path, _ in found} == {"parameters"}


def test_a_valid_spec_has_no_faults() -> None:
    spec, found = validate_spec({"name": "x", "studies": [STUDY]})
    assert spec is not None
    assert found == []
