"""The columns of an observation that describe the account; see `market_view.py`."""

from collections.abc import Sequence
from typing import Final

from fxai.spec.fields.env_config import EnvConfig

ACCOUNT_FEATURES: Final = ("position", "gain", "held", "drawdown")
HALF_HELD: Final = 24.0  # bars after which the feature of the holding time is one half


def account_scales(configs: Sequence[EnvConfig]) -> list[tuple[float, ...]]:
    """Returns factors [lane][feature] that bring the account's features to the size of standardized features."""
    return [(1.0, 100.0 / config.position_size, 1.0, 10.0) for config in configs]


def observation_shape(features: int, configs: Sequence[EnvConfig]) -> tuple[int, int]:
    """Returns the shape of the observations of a market with `features` features.

    Raises:
        ValueError: The configs have different windows.
    """
    if len({config.observation_window for config in configs}) != 1:
        raise ValueError("all lanes of an environment must have the same observation_window")
    return configs[0].observation_window, features + len(ACCOUNT_FEATURES)
