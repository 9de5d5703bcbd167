"""Standardizes features with the statistics of the train split."""

from dataclasses import dataclass

import numpy as np

from fxai.market.bars import FloatArray

CLIP = 5.0  # standard deviations
_CONSTANT = 1e-12  # share of the mean; a smaller deviation is a rounding error


@dataclass(frozen=True, slots=True)
class Standardizer:
    """Mean and standard deviation of each feature, as plain values that are stored with the agent."""

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]  # 1 for a feature that is constant in the train split

    @classmethod
    def fit(cls, values: FloatArray, names: tuple[str, ...]) -> "Standardizer":
        """Statistics of values [bar, feature] of the train split."""
        mean, std = values.mean(axis=0), values.std(axis=0)
        std[std <= _CONSTANT * np.maximum(1.0, np.abs(mean))] = 1.0
        return cls(names, tuple(mean.tolist()), tuple(std.tolist()))

    def apply(self, values: FloatArray) -> FloatArray:
        """(value - mean) / std, [bar, feature], clipped to +-5; NaN stays NaN."""
        scaled: FloatArray = np.clip((values - np.array(self.mean)) / np.array(self.std), -CLIP, CLIP)
        return scaled

    def to_lists(self) -> dict[str, list[str] | list[float]]:
        return {"names": list(self.names), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_lists(cls, names: list[str], mean: list[float], std: list[float]) -> "Standardizer":
        """Inverse of `to_lists`: `Standardizer.from_lists(**standardizer.to_lists())`."""
        return cls(tuple(names), tuple(mean), tuple(std))
