"""The `training_config` of a function that returns positions: the market that scores them, and the arguments.

The sections `data` and `env` are those of FxAI's agents. All other keys are arguments of the function.
"""

from collections.abc import Mapping

from pydantic import JsonValue, ValidationError

from fxai.errors import SpecError
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo
from fxai.spec.search.findings import as_problems, findings_of

SECTIONS = ("data", "env")


def sections_of(config: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Returns the sections of the market, as far as they are written."""
    return {name: config[name] for name in SECTIONS if config.get(name) is not None}


def arguments_of(config: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Returns the arguments of the function."""
    return {name: value for name, value in config.items() if name not in SECTIONS}


def scored_market(config: Mapping[str, JsonValue]) -> TrainingConfig:
    """Returns data and environment that score the positions, with the embargo of an agent with these sections.

    Raises:
        SpecError: A section is invalid.
    """
    tree = sections_of(config)
    try:
        return config_with_embargo(TrainingConfig.model_validate(tree))
    except ValidationError as error:
        raise SpecError("training_config", as_problems(findings_of(error, tree))) from None
