"""The learning rates of the schedules."""

import pytest

from fxai.rl.training.learning_rate import learning_rate
from fxai.spec.fields.ppo_config import PpoConfig


@pytest.mark.parametrize(
    ("schedule", "expected"), [("constant", [1, 1, 1]), ("linear", [1, 0.5, 0.1]), ("cosine", [1, 0.5, 0.0245])]
)
def test_schedules(schedule: str, expected: list[float]):
    config = PpoConfig(learning_rate=1.0, lr_schedule=schedule, total_updates=10)
    assert [learning_rate(config, update) for update in (0, 5, 9)] == pytest.approx(expected, abs=1e-3)
