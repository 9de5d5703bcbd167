"""The keys of a spec that say where the workers run."""

from typing import Any

import pytest
from pydantic import ValidationError

from fxai.spec.fields.engine import RayConfig
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec

PARAMETERS = {"training.learning_rate": {"type": "float", "low": 0.1, "high": 0.2}}


def study(**keys: Any) -> StudySpec:
    return StudySpec(study_name="a", parameters=PARAMETERS, **keys)


@pytest.mark.parametrize(
    ("keys", "engine"),
    [
        ({}, "local"),
        ({"engine": "ray"}, "ray"),
        ({"ray_config": {}}, "ray"),
        ({"ray_address": "auto"}, "ray"),
        ({"ray_address": "head:6379", "engine": "local"}, "local"),
    ],
)
def test_arguments_of_ray_mean_the_engine_ray_unless_one_is_given(keys: dict[str, Any], engine: str) -> None:
    assert study(**keys).engine == engine


def test_the_engine_is_no_part_of_the_fingerprint() -> None:
    on_ray = study(ray_address="auto", ray_config={"include_dashboard": True}, resources={"custom": {"big": 1}})
    assert fingerprint(on_ray) == fingerprint(study())


def test_a_study_without_these_keys_is_written_as_before() -> None:
    keys = {"engine", "ray_address", "ray_config", "ray_unprotected"}
    written = study().model_dump(mode="json")
    assert not keys & written.keys()
    assert written["resources"].keys() == {"cpu", "lanes_per_worker"}
    assert study(engine="ray").model_dump(mode="json")["engine"] == "ray"


@pytest.mark.parametrize("address", ["auto", "head:6379", "10.0.0.1:6379", "[::1]:6379"])
def test_addresses_of_a_head_are_accepted(address: str) -> None:
    assert study(ray_address=address).ray_address == address


@pytest.mark.parametrize(
    ("address", "words"),
    [("head", "host:6379"), ("head:0", "host:6379"), (":6379", "host:6379"), ("ray://head:10001", "client server")],
)
def test_other_addresses_are_refused(address: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        study(ray_address=address)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "head"])  # noqa: S104 - is refused
def test_the_dashboard_is_on_the_loopback_interface(host: str) -> None:
    assert RayConfig(dashboard_host="localhost").dashboard_host == "localhost"
    with pytest.raises(ValidationError, match="loopback"):
        RayConfig(dashboard_host=host)
