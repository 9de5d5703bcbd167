"""The warning about target positions that an agent cannot hold."""

import pytest

from fxai.spec.checks.position_advice import position_advice
from fxai.spec.fields.env_config import EnvConfig


@pytest.mark.parametrize(
    ("env", "warnings"),
    [
        ({}, []),
        ({"allow_short": False}, []),
        ({"positions": [-1, -0.5, 0, 1]}, []),
        ({"positions": [0, 0.5, 1], "allow_short": False}, []),
        (
            {"positions": [-1, -0.5, 0, 1], "allow_short": False},
            ["env.allow_short is false, so the agent is flat instead of -1, -0.5; leave them out of env.positions"],
        ),
        (
            {"positions": [-1, 0], "allow_short": False},
            ["env.positions has no position above 0 and env.allow_short is false, so the agent cannot trade"],
        ),
    ],
)
def test_positions_that_are_never_held_are_warned_of(env: dict[str, object], warnings: list[str]) -> None:
    assert list(position_advice(EnvConfig.model_validate(env))) == warnings
