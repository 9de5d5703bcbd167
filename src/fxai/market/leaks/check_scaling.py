"""Finds columns that are scaled by statistics of all rows, from their values alone."""

from collections.abc import Mapping

import numpy as np

from fxai.market.bars import FloatArray
from fxai.market.leaks.findings import LeakFinding, LeakKind, LeakReport

_NEAR = 2e-5  # of a standard deviation; rounding in the file
_FEWEST = 100  # distinct values
_ADVICE = (
    "so it has probably been scaled with all rows, later ones included. Scale with earlier rows only, or leave scaling "
    "to FxAI, which uses the train split"
)


def check_scaling(columns: Mapping[str, FloatArray]) -> LeakReport:
    """Find columns whose values show that they are scaled with all rows; they are suspicious.

    Such a column has mean 0 and standard deviation 1 over all rows, or the rank of each row as its value. An honest
    column has these properties by chance in about two of a million cases. A least value of 0 and a greatest of 1 are
    no sign, because oscillators have them. No return is used, so the rows may include the test split.

    Args:
        columns: All values of the file by column, [bar] each; NaN is left out.
    """
    found = {name: _scaling_of(values) for name, values in columns.items()}
    findings = [LeakFinding(name, LeakKind.SUSPICIOUS, f"{text}; {_ADVICE}") for name, text in found.items() if text]
    return LeakReport(findings=tuple(findings), tested=tuple(columns))


def _scaling_of(column: FloatArray) -> str | None:
    """The property of a scaled column, as a sentence without its end."""
    values = column[np.isfinite(column)]
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < _FEWEST:
        return None
    if abs(values.mean()) < _NEAR and min(abs(values.std(ddof=each) - 1) for each in (0, 1)) < _NEAR:
        return "its mean over all rows is 0 and its standard deviation 1"
    ranks = (np.cumsum(counts) - (counts - 1) / 2) / len(values)
    if np.allclose(distinct, ranks, rtol=0, atol=0.1 / len(values)):
        return "its values are the ranks of all rows"
    return None
