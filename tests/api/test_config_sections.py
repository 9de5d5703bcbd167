"""Sections of a training configuration from the dictionaries of the Python API."""

from fxai.api.config_sections import sections_of
from fxai.spec.fields.ensemble_members import ensemble_members
from fxai.spec.fields.training_config import TrainingConfig


def test_an_ensemble_has_the_keys_of_all_its_members() -> None:
    given = {"training": {"lr": 1e-4, "buffer_size": 2000, "n_epochs": 2, "ensemble": {"agents": ["ppo", "D3QN"]}}}
    sections = sections_of(given)
    assert sections["training"] == {"learning_rate": 1e-4, "buffer_size": 2000, "n_epochs": 2}
    config = TrainingConfig.model_validate(sections)
    assert [member.name for member in ensemble_members(config)] == ["ppo_0", "d3qn_1"]
