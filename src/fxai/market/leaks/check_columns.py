"""Statistical test whether columns explain more of the next bars than an honest column does."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fxai.market.bars import Bars, FloatArray
from fxai.market.leaks.changed_bars import cut
from fxai.market.leaks.column_forms import column_forms
from fxai.market.leaks.explained_share import Share, explained_shares
from fxai.market.leaks.findings import LeakFinding, LeakKind, LeakReport
from fxai.market.leaks.lagged_regressors import WARM_UP, lagged_regressors
from fxai.market.leaks.next_bars import FARTHEST, Target, next_bars
from fxai.market.timestamps.calendar import bars_per_year

FEWEST_ROWS = 600  # rows with a value, for a test
_MOST_ROWS = 200_000  # of the bars; the latest are used
_ROWS_OF_HORIZON = 100  # rows for each bar of a target's horizon; with fewer, its error cannot be estimated
_ERRORS = 2.5  # standard errors by which a share must exceed its threshold


def check_columns(bars: Bars, columns: Mapping[str, FloatArray]) -> LeakReport:
    """Test columns for what they explain of later bars beyond the earlier bars.

    A column is suspicious if the share that it explains out of sample exceeds the threshold (see `next_bars`) by more
    than 2.5 standard errors. The test proves nothing: an honest column may be that good.

    Args:
        bars: Bars that the search may use; none of the test split.
        columns: Columns by name, [bar]; rows with NaN are left out.
    """
    if len(bars) < FEWEST_ROWS + WARM_UP + FARTHEST:
        reason = f"there are {len(bars)} bars before the test split, too few for this test"
        return LeakReport(untested=tuple((name, reason) for name in columns))
    start = max(0, len(bars) - _MOST_ROWS)
    test = _ColumnTest.of(cut(bars, start, len(bars)))
    shares = {name: test.shares(column[start:]) for name, column in columns.items()}
    findings = {name: test.finding(name, found) for name, found in shares.items() if isinstance(found, list)}
    return LeakReport(
        findings=tuple(found for found in findings.values() if found is not None),
        tested=tuple(findings),
        untested=tuple((name, found) for name, found in shares.items() if isinstance(found, str)),
    )


@dataclass(frozen=True, slots=True)
class _ColumnTest:
    """The regressors and targets of the bars, which all columns share."""

    bars: Bars
    base: FloatArray  # [bar, regressor]
    targets: tuple[Target, ...]
    usable: NDArray[np.bool_]  # [bar]: has all regressors and targets

    @classmethod
    def of(cls, bars: Bars) -> "_ColumnTest":
        targets = next_bars(bars, bars_per_year(bars.time))
        targets = tuple(each for each in targets if len(bars) >= _ROWS_OF_HORIZON * each.horizon)
        usable = np.all([np.isfinite(target.values) for target in targets], axis=0)
        usable[:WARM_UP] = False
        return cls(bars, lagged_regressors(bars), targets, usable)

    def shares(self, column: FloatArray) -> list[Share] | str:
        """The share of each target, or the reason why the column cannot be tested."""
        rows = self.usable & np.isfinite(column)
        if (count := int(rows.sum())) < FEWEST_ROWS:
            return f"it has {count} values before the test split, too few for this test"
        if np.ptp(column[rows]) == 0:
            return "it is constant"
        filled = np.where(np.isfinite(column), column, np.median(column[rows]))
        forms = column_forms(filled, self.bars)[rows]
        values = np.column_stack([target.values for target in self.targets])
        return explained_shares(self.base[rows], forms, values[rows], FARTHEST)

    def finding(self, name: str, shares: list[Share]) -> LeakFinding | None:
        """The finding of the target whose share is the largest multiple of its threshold, if it is suspicious."""
        found = [
            (share.value / target.threshold, target, share)
            for target, share in zip(self.targets, shares, strict=True)
            if share.value - _ERRORS * share.error > target.threshold
        ]
        if not found:
            return None
        _, target, share = max(found, key=lambda each: each[0])
        text = (
            f"it explains {share.value:.0%} (± {share.error:.1%}) of the variance of {target.name} beyond what earlier "
            f"bars explain; an honest column of such bars rarely explains {target.threshold:.1%}. Check that its "
            "value is known at the close of its bar"
        )
        return LeakFinding(name, LeakKind.SUSPICIOUS, text, share=share.value, share_error=share.error)
