"""The section `training` of an ensemble: the parameters of all its members, whatever their kinds.

The keys that all algorithms share have one value for all members. A key of some algorithms applies to the members of
these algorithms. Such a key that is not written has the default of the member's algorithm, except `gradient_steps`:
DQN then takes as many gradient steps for each transition as by its own defaults, also if the rollouts are longer.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, create_model

from fxai.spec.fields.a2c_config import A2cConfig
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import SWITCHES, VARIANTS, with_switches
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.fields.ppo_config import PpoConfig

MEMBER_ALGORITHMS: Final[dict[str, type[AlgorithmConfig]]] = {"ppo": PpoConfig, "a2c": A2cConfig, "dqn": DqnConfig}
ENSEMBLE: Final = "ensemble"
_GRADIENT_STEPS: Final = "gradient_steps"
_NOT_SHARED: Final = {
    name: [algorithm for algorithm, record in MEMBER_ALGORITHMS.items() if name in record.model_fields]
    for record in MEMBER_ALGORITHMS.values()
    for name in record.model_fields
    if name not in AlgorithmConfig.model_fields and name not in SWITCHES
}
"""Each key of some algorithms, with these algorithms. The kind of a member sets the switches of DQN."""


def _is_absent(value: object) -> bool:
    return value is None


def _optional(name: str) -> tuple[Any, Any]:
    """The type and the field of a key of some algorithms."""
    owners = _NOT_SHARED[name]
    field = MEMBER_ALGORITHMS[owners[0]].model_fields[name]
    annotation: Any = field.annotation | None  # type: ignore[operator]
    for constraint in field.metadata:
        annotation = Annotated[annotation, constraint]
    description = f"{field.description}; of {' and '.join(owners)}"
    return annotation, Field(default=None, exclude_if=_is_absent, description=description)


_fields: dict[str, Any] = {name: _optional(name) for name in _NOT_SHARED}
_Optional: Any = create_model("_Optional", __base__=AlgorithmConfig, **_fields)


class EnsembleTraining(_Optional, AlgorithmConfig):
    """Parameters of the agents of an ensemble, which the section `ensemble` names.

    The keys up to `max_grad_norm` have one value for all members. Each other key applies to the members whose algorithm
    has it; without a value it has the default of this algorithm, and `gradient_steps` that of one step for eight
    transitions.
    """

    algorithm: Literal["ensemble"] = Field(default="ensemble", description="name of the algorithm")

    def of_kind(self, kind: str) -> AlgorithmConfig:
        """The configuration of a member.

        Args:
            kind: A name of `NAMES`.

        Raises:
            ValueError: The member cannot have these values.
        """
        record = MEMBER_ALGORITHMS[algorithm_of_kind(kind)]
        values = {name: value for name, value in self.model_dump().items() if name in record.model_fields}
        if _GRADIENT_STEPS in record.model_fields and _GRADIENT_STEPS not in values:
            values[_GRADIENT_STEPS] = max(1, round(_DQN_STEPS_PER_TRANSITION * self.rollout_size))
        try:
            return record.model_validate(with_switches({**values, "algorithm": kind}))
        except ValidationError as error:
            reasons = "; ".join(str(each.get("ctx", {}).get("error", each["msg"])) for each in error.errors())
            raise ValueError(f"a member {kind}: {reasons}") from None


_DQN = DqnConfig()
_DQN_STEPS_PER_TRANSITION = _DQN.gradient_steps / _DQN.rollout_size


def algorithm_of_kind(kind: str) -> str:
    """The algorithm of a kind of agent: `dqn` for `d3qn`."""
    return "dqn" if kind in VARIANTS else kind


def keys_of_some() -> tuple[str, ...]:
    """The keys of the section `training` that only some algorithms have."""
    return tuple(_NOT_SHARED)


def unused_keys(keys: set[str], kinds: set[str]) -> dict[str, list[str]]:
    """Keys of the section `training` that no member of these kinds has, each with the algorithms that have it."""
    algorithms = {algorithm_of_kind(kind) for kind in kinds}
    return {key: owners for key, owners in _NOT_SHARED.items() if key in keys and algorithms.isdisjoint(owners)}
