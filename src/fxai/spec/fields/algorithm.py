"""Registry of the algorithms by name. The key `algorithm` of the section `training` selects one; default `ppo`."""

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Tag

from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import NAMES, VARIANTS, known_name, with_switches
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ensemble_training import ENSEMBLE, MEMBER_ALGORITHMS, EnsembleTraining
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.suggestion import did_you_mean

DEFAULT_ALGORITHM = "ppo"
ALGORITHMS: dict[str, type[AlgorithmConfig]] = MEMBER_ALGORITHMS
TRAINING_RECORDS: dict[str, type[AlgorithmConfig]] = {**ALGORITHMS, ENSEMBLE: EnsembleTraining}
"""The records of the section `training` by `algorithm`: of one algorithm, or of an ensemble of several."""


def algorithm_of(section: Any) -> str:
    """Returns the algorithm of a section `training`, given as a mapping or a record: `dqn` for `d3qn`.

    Unknown names are returned unchanged.
    """
    if isinstance(section, AlgorithmConfig):
        return section.algorithm
    return algorithm_named(
        section.get("algorithm", DEFAULT_ALGORITHM) if isinstance(section, dict) else DEFAULT_ALGORITHM
    )


def algorithm_named(name: object) -> str:
    """Returns the algorithm of a name in any spelling: `dqn` for `D3QN`. Unknown names are returned unchanged."""
    known = known_name(name)
    return "dqn" if known in VARIANTS else known or str(name)


Algorithm: TypeAlias = Annotated[
    Annotated[PpoConfig, Tag("ppo")]
    | Annotated[A2cConfig, Tag("a2c")]
    | Annotated[DqnConfig, Tag("dqn")]
    | Annotated[EnsembleTraining, Tag(ENSEMBLE)],
    Discriminator(algorithm_of),
    BeforeValidator(with_switches),
]


def unknown_algorithm(name: object) -> str:
    """Returns the message for an unknown `algorithm`, with the known ones."""
    known = ", ".join(NAMES)
    if not isinstance(name, str):
        return f"must be one of {known}"
    return f"unknown algorithm {name!r}{did_you_mean(name, NAMES) or '.'} Known: {known}"
