"""Registry of the algorithms by name. The key `algorithm` of the section `training` selects one; default `ppo`."""

from typing import Annotated, Any, TypeAlias

from pydantic import Discriminator, Tag

from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.suggestion import did_you_mean

DEFAULT_ALGORITHM = "ppo"
ALGORITHMS: dict[str, type[AlgorithmConfig]] = {"ppo": PpoConfig, "a2c": A2cConfig, "dqn": DqnConfig}
_RELATIVES = {
    "ddqn": "double: true",
    "doubledqn": "double: true",
    "duelingdqn": "dueling: true",
    "d3qn": "double: true and dueling: true",
    "twind3qn": "double: true, dueling: true and twin: true",
}


def algorithm_of(section: Any) -> str:
    """Returns the algorithm of a section `training`, given as a mapping or a record. Unknown names are returned too."""
    if isinstance(section, AlgorithmConfig):
        return section.algorithm
    named = section.get("algorithm", DEFAULT_ALGORITHM) if isinstance(section, dict) else DEFAULT_ALGORITHM
    return str(named)


Algorithm: TypeAlias = Annotated[
    Annotated[PpoConfig, Tag("ppo")] | Annotated[A2cConfig, Tag("a2c")] | Annotated[DqnConfig, Tag("dqn")],
    Discriminator(algorithm_of),
]


def unknown_algorithm(name: object) -> str:
    """Returns the message for an unknown `algorithm`, with what to write instead."""
    known = ", ".join(ALGORITHMS)
    if not isinstance(name, str):
        return f"must be one of {known}"
    plain = name.lower().replace("_", "").replace("-", "").removeprefix("agent")
    if switches := _RELATIVES.get(plain):
        return f"{name!r} is written as algorithm: dqn with {switches}"
    return f"unknown algorithm {name!r}{did_you_mean(name, ALGORITHMS) or '.'} Known: {known}"
