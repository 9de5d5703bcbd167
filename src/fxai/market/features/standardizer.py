"""Standardizes features with the statistics of the train split."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from fxai.market.bars import FloatArray

CLIP = 5.0  # standard deviations
CONSTANT = "instrument:"
"""Begins the names of columns that are constant for an instrument and that no table of features has."""

_CONSTANT = 1e-12  # share of the mean; a smaller deviation is a rounding error


@dataclass(frozen=True, slots=True)
class Standardizer:
    """Mean and standard deviation of each feature, as plain values that are stored with the agent.

    A joined standardizer has the statistics of several train splits. It repeats all names for each of them.
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]  # 1 for a feature that is constant in the train split

    def __post_init__(self) -> None:
        if not len(self.names) == len(self.mean) == len(self.std):
            raise ValueError(
                f"{len(self.names)} names of features, {len(self.mean)} means, {len(self.std)} standard deviations: "
                "the numbers must be equal"
            )

    @classmethod
    def fit(cls, values: FloatArray, names: tuple[str, ...]) -> "Standardizer":
        """Statistics of values [bar, feature] of the train split."""
        mean, std = values.mean(axis=0), values.std(axis=0)
        std[std <= _CONSTANT * np.maximum(1.0, np.abs(mean))] = 1.0
        return cls(names, tuple(mean.tolist()), tuple(std.tolist()))

    @classmethod
    def join(cls, parts: Iterable["Standardizer"]) -> "Standardizer":
        """The standardizer with the columns of all parts, side by side; the parts have the same names."""
        columns = [column for part in parts for column in zip(part.names, part.mean, part.std, strict=True)]
        return cls(*map(tuple, zip(*columns, strict=True)))

    def with_constants(self, columns: Mapping[str, float]) -> "Standardizer":
        """The standardizer with further columns that have a constant value; their names begin with `CONSTANT`."""
        return Standardizer(
            (*self.names, *columns),
            (*self.mean, *(-value for value in columns.values())),
            (*self.std, *(1.0 for _ in columns)),
        )

    @property
    def constants(self) -> tuple[str, ...]:
        """The different names of the columns that a table of features does not have."""
        return tuple(dict.fromkeys(name for name in self.names if name.startswith(CONSTANT)))

    def fits(self, names: tuple[str, ...]) -> bool:
        """Whether the features with these names can be standardized."""
        names = (*names, *self.constants)
        parts = len(self.names) // max(1, len(names))
        return self.names == names * max(1, parts)

    def apply(self, values: FloatArray) -> FloatArray:
        """(value - mean) / std, [bar, feature], clipped to +-5; NaN stays NaN.

        A joined standardizer returns the columns of each of its parts, side by side. The constant columns are added.
        """
        if constants := len(self.constants):
            values = np.hstack([values, np.zeros((len(values), constants))])
        if len(self.names) > values.shape[1]:
            values = np.tile(values, (1, len(self.names) // values.shape[1]))
        scaled: FloatArray = np.clip((values - np.array(self.mean)) / np.array(self.std), -CLIP, CLIP)
        return scaled

    def to_lists(self) -> dict[str, list[str] | list[float]]:
        return {"names": list(self.names), "mean": list(self.mean), "std": list(self.std)}

    @classmethod
    def from_lists(cls, names: list[str], mean: list[float], std: list[float]) -> "Standardizer":
        """Inverse of `to_lists`: `Standardizer.from_lists(**standardizer.to_lists())`."""
        return cls(tuple(names), tuple(mean), tuple(std))
