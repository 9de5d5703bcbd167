"""In what two studies differ of what makes the values of their trials comparable, by their stored fingerprints."""

from collections.abc import Iterator, Mapping
from typing import Any

_SCORED_BY = ("objective", "metric_name", "direction", "seeds_per_trial", "data", "fractions_of_split")
_TRAINED_BY = ("algorithm", "total_updates")
_SEEN = "features"  # what an agent sees of the data is part of its training; all else of them is how it is scored


def scoring_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Values of the one say nothing about the other where there is any."""
    yield from (name for name in _SCORED_BY if one.get(name, 1) != other.get(name, 1))
    mine, others = one["training_config"], other["training_config"]
    if not _trading(mine, others):  # of the configuration of a user's own objective nobody knows what scores
        yield from (f"training_config.{name}" for name in _unlike(mine, others))
        return
    for section in ("data", "env"):
        unlike = _unlike(mine[section], others[section])
        yield from (f"{section}.{name}" for name in unlike if name != _SEEN)


def training_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """What trials were trained by and for how long, where both train FxAI's agents."""
    mine, others = one["training_config"], other["training_config"]
    if _trading(mine, others):
        unlike = _unlike(mine["training"], others["training"])
        yield from (f"training.{name}" for name in unlike if name in _TRAINED_BY)


def _trading(*configs: Mapping[str, Any]) -> bool:
    return all("data" in config and "training" in config for config in configs)


def _unlike(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    names = dict.fromkeys((*one, *other))
    return (name for name in names if one.get(name) != other.get(name))
