"""The target positions of the environment."""

import pytest
from pydantic import ValidationError

from fxai.spec.fields.env_config import EnvConfig


def test_without_a_list_an_agent_is_short_flat_or_long() -> None:
    assert EnvConfig().target_positions == (-1, 0, 1)
    assert EnvConfig(allow_short=False).allowed_positions == (0, 1)
    assert "positions" not in EnvConfig().model_dump(mode="json")


def test_a_list_is_read_back_as_it_was_written() -> None:
    env = EnvConfig.model_validate({"positions": [-1.0, -0.25, -0.0, 1]})
    assert repr(env.positions) == "(-1, -0.25, 0, 1)"
    assert EnvConfig.model_validate_json(env.model_dump_json()) == env
    assert hash(env) == hash(EnvConfig.model_validate(env.model_dump(mode="json")))


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([0], "at least 2 items"),
        ([0, 0.5, 0.5], "must increase"),
        ([1, 0], "must increase"),
        ([0.5, 1], "must contain 0"),
        ([0, 1.5], "less than or equal to 1"),
        ([0, float("nan")], "finite number|less than or equal"),
        ([0, "half"], "valid number"),
        (0.5, "valid tuple"),
    ],
)
def test_another_list_is_refused(positions: object, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        EnvConfig.model_validate({"positions": positions})
