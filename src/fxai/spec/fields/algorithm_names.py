"""Names of algorithms. `algorithm: d3qn` is written for `algorithm: dqn` with `double: true` and `dueling: true`.

A configuration holds `dqn` and the switches, whichever way it was written.
"""

from collections.abc import Mapping
from typing import Any

SWITCHES = ("double", "dueling", "twin")
VARIANTS: Mapping[str, tuple[str, ...]] = {  # switches of DQN that are on
    "double_dqn": ("double",),
    "dueling_dqn": ("dueling",),
    "d3qn": ("double", "dueling"),
    "twin_d3qn": ("double", "dueling", "twin"),
}
NAMES = ("ppo", "a2c", "dqn", *VARIANTS)
"""What `algorithm` may be, in one spelling of each."""
SPELLINGS = ("PPO", "A2C", "DQN", "DoubleDQN", "DDQN", "DuelingDQN", "D3QN", "TwinD3QN")
"""Further spellings. Case, `_`, `-` and the prefix `Agent` make no difference."""
_FALSE = ("false", "no", "off", "0")


def _plain(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").removeprefix("agent")


_BY_PLAIN_NAME = {_plain(name): name for name in NAMES} | {"ddqn": "double_dqn"}


def known_name(name: object) -> str | None:
    """Returns a name of `NAMES` for any spelling: `twin_d3qn` for `AgentTwinD3QN`; None if it is unknown."""
    return _BY_PLAIN_NAME.get(_plain(name)) if isinstance(name, str) else None


def variant_named(name: object) -> str | None:
    """Returns the variant of DQN that a name in any spelling means; None for other names."""
    known = known_name(name)
    return known if known in VARIANTS else None


def with_switches(section: Any) -> Any:
    """Returns a section `training` that names a variant with `algorithm: dqn` and its switches.

    Other names are replaced by those of `NAMES`; unknown names and records are unchanged.

    Raises:
        ValueError: A switch of the variant is false.
    """
    name = known_name(section.get("algorithm")) if isinstance(section, dict) else None
    if name is None:
        return section
    for switch in VARIANTS.get(name, ()):
        if str(section.get(switch, True)).lower() in _FALSE:
            raise ValueError(
                f"algorithm {section['algorithm']!r} has {switch}: true; write algorithm: dqn to set each switch"
            )
    algorithm = "dqn" if name in VARIANTS else name
    return {**section, "algorithm": algorithm, **dict.fromkeys(VARIANTS.get(name, ()), True)}
