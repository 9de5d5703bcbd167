"""Differences between two studies that make the values of their trials incomparable, by their stored fingerprints."""

from collections.abc import Iterator, Mapping
from typing import Any

_SCORED_BY = ("objective", "metric_name", "direction", "seeds_per_trial", "data", "news", "fractions_of_split")
_SECTIONS = ("data", "env", "baskets")  # of the configuration of agents or of signals
_DECISIONS = ("lookahead", "gap")  # of signals; other fields of decisions are part of training
_TRAINED_BY = ("algorithm", "total_updates", "max_train_steps")
_FEATURES = "features"  # features are part of training; all other fields of the data affect scores


def scoring_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Names of differing fields that affect scores; the values of the two studies are comparable if there are none."""
    yield from (name for name in _SCORED_BY if one.get(name, 1) != other.get(name, 1))
    mine, others = one["training_config"], other["training_config"]
    if not _scored_by_fxai(mine, others):  # of a custom configuration, any field may affect scores
        yield from (f"training_config.{name}" for name in _differing(mine, others))
        return
    for section in _SECTIONS:
        differing = _differing(mine.get(section, {}), others.get(section, {}))
        yield from (f"{section}.{name}" for name in differing if name != _FEATURES)
    differing = _differing(mine.get("decisions", {}), others.get("decisions", {}))
    yield from (f"decisions.{name}" for name in differing if name in _DECISIONS)


def training_differences(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    """Names of differing fields of algorithm and training length, if both studies train agents or signals of FxAI."""
    mine, others = one["training_config"], other["training_config"]
    if _scored_by_fxai(mine, others):
        differing = _differing(mine["training"], others["training"])
        yield from (f"training.{name}" for name in differing if name in _TRAINED_BY)


def _scored_by_fxai(*configs: Mapping[str, Any]) -> bool:
    """Whether the configurations are those of agents or of signals."""
    return all("data" in config and "training" in config for config in configs)


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    names = dict.fromkeys((*one, *other))
    return (name for name in names if one.get(name) != other.get(name))
