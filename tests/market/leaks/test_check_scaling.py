"""Columns that are scaled with all rows."""

from collections.abc import Callable

import numpy as np
import pytest

from fxai.market.bars import FloatArray
from fxai.market.leaks.check_scaling import check_scaling
from fxai.market.leaks.findings import LeakKind

VALUES = np.random.default_rng(1).gamma(2.0, size=3000)
SCALED: dict[str, Callable[[FloatArray], FloatArray]] = {
    "deviations": lambda values: (values - values.mean()) / values.std(ddof=1),
    "population": lambda values: (values - values.mean()) / values.std(),
    "rounded": lambda values: ((values - values.mean()) / values.std()).round(4),
    "ranks": lambda values: (np.argsort(np.argsort(values)) + 1) / len(values),
}


@pytest.mark.parametrize("name", SCALED)
def test_a_column_scaled_with_all_rows_is_suspicious(name: str) -> None:
    column = np.concatenate([np.full(20, np.nan), SCALED[name](VALUES)])
    (finding,) = check_scaling({"plain": VALUES, "scaled": column}).findings
    assert (finding.column, finding.kind) == ("scaled", LeakKind.SUSPICIOUS)
    assert check_scaling({"part": column[:2000]}).findings == ()


def test_ranks_with_equal_values_are_found() -> None:
    values = np.repeat(np.arange(500), 3)[np.random.default_rng(2).permutation(1500)]
    ranks = (np.searchsorted(np.sort(values), values) + 2) / 1500
    assert len(check_scaling({"x": ranks}).findings) == 1


def test_honest_columns_are_not_suspicious() -> None:
    rng = np.random.default_rng(3)
    columns = {
        "normal": rng.normal(size=5000),
        "uniform": rng.random(5000),
        "from 0 to 1": (VALUES - VALUES.min()) / (VALUES.max() - VALUES.min()),
        "bounded": np.clip(rng.normal(0.5, 0.5, 5000), 0, 1),
        "binary": (rng.random(5000) > 0.5).astype(float),
        "number": np.arange(5000.0),
        "constant": np.zeros(5000),
        "empty": np.full(5000, np.nan),
    }
    report = check_scaling(columns)
    assert report.findings == ()
    assert report.tested == tuple(columns)
