"""`env.costs`: the costs of single instruments."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.errors import DataError, SpecError
from fxai.spec.checks.cost_names import check_cost_names
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.yaml.yaml_source import parse_yaml

SPEC = """
name: costs
studies:
  - study_name: costs
    direction: maximize
    metric_name: mean_reward
    n_trials: 2
    parameters:
      - {{name: {parameter}, type: float, low: 0.1, high: 0.2}}
    training_config:
      data: {data}
      env: {{costs: {costs}}}
"""


def env(**costs: Any) -> EnvConfig:
    return EnvConfig.model_validate({"spread": 0.001, "slippage_rate": 0.002, "costs": costs or None})


def test_a_cost_that_is_absent_is_that_of_env() -> None:
    config = env(EURUSD={"spread": 0.0005}, USDJPY={"swap_long_rate": -0.0001, "commission_rate": 0})
    euro, yen = config.of_instrument("EURUSD"), config.of_instrument("USDJPY")
    assert (euro.spread, euro.slippage_rate) == (0.0005, 0.002)
    assert (yen.spread, yen.swap_long_rate, yen.commission_rate) == (0.001, -0.0001, 0.0)
    assert euro.costs is None
    assert config.of_instrument("GBPUSD") == env()
    assert env().of_instrument("EURUSD") == env()


def test_it_is_written_only_if_it_is_given_and_has_a_hash() -> None:
    assert "costs" not in env().model_dump(mode="json")
    config = env(USDJPY={"spread": 0.1}, EURUSD={"spread": 0.2})
    assert EnvConfig.model_validate(config.model_dump(mode="json")) == config
    assert hash(config) == hash(env(EURUSD={"spread": 0.2}, USDJPY={"spread": 0.1}))
    assert list(env(**{"600519": {}}).costs or {}) == ["600519"]


@pytest.mark.parametrize(
    ("costs", "text"),
    [
        ({"EURUSD": {"spread": 1.0}}, "less than 1"),
        ({"EURUSD": {"margin": 1.0}}, "Extra inputs"),
        ({"EURUSD": 0.1}, "InstrumentCosts"),
        ({}, "at least 1"),
    ],
)
def test_wrong_costs_are_refused(costs: dict[str, Any], text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        EnvConfig.model_validate({"costs": costs})


@pytest.mark.parametrize(
    ("data", "costs", "parameter", "text"),
    [
        (
            "{source: {EURUSD: a.csv, USDJPY: b.csv}}",
            "{EURUSDD: {spread: 0.1}}",
            "training.gamma",
            "env.costs.EURUSDD: the data have the instruments EURUSD, USDJPY; did you mean 'EURUSD'?",
        ),
        (
            "{source: folder, instruments: [EURUSD]}",
            "{XAUUSD: {spread: 0.1}}",
            "training.gamma",
            "the data have the instruments EURUSD",
        ),
        (
            "{source: a.csv}",
            "{EURUSD: {spread: 0.1}}",
            "training.gamma",
            "the data have one instrument without a name; write its costs directly under env",
        ),
        (
            "{source: {EURUSD: a.csv}}",
            "{EURUSD: {spread: 0.1}}",
            "env.costs",
            "'env.costs' must be the same for all trials",
        ),
    ],
)
def test_names_that_are_no_instruments_are_refused(data: str, costs: str, parameter: str, text: str) -> None:
    with pytest.raises(SpecError) as caught:
        spec_of(parse_yaml(SPEC.format(data=data, costs=costs, parameter=parameter), "a.yaml"))
    assert text in str(caught.value)


def test_costs_of_instruments_of_the_data_are_read() -> None:
    text = SPEC.format(data="{source: {EURUSD: a.csv}}", costs="{EURUSD: {spread: 0.1}}", parameter="training.gamma")
    (study,) = spec_of(parse_yaml(text, "a.yaml")).studies
    assert study.training_config.env.of_instrument("EURUSD").spread == 0.1
    wrong = text.replace("spread", "spred")
    with pytest.raises(SpecError, match=r"env\.costs\.EURUSD\.spred: unknown key; did you mean 'spread'"):
        spec_of(parse_yaml(wrong, "a.yaml"))


def test_names_of_files_are_compared_when_they_are_read() -> None:
    check_cost_names(env(EURUSD={"spread": 0.1}), ("EURUSD", "USDJPY"))
    with pytest.raises(DataError, match=r"env\.costs\.EURUSD: the data have the instruments GBPUSD"):
        check_cost_names(env(EURUSD={"spread": 0.1}), ("GBPUSD",))


def test_studies_without_costs_have_the_fingerprint_of_before() -> None:
    text = SPEC.format(data="{source: eurusd_1h}", costs="null", parameter="training.gamma")
    (study,) = spec_of(parse_yaml(text, "a.yaml")).studies
    assert "costs" not in str(fingerprint(study))
