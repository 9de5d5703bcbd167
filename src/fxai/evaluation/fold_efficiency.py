"""Walk-forward efficiency: how much of the Sharpe ratio on the train bars agents keep on bars that did not train them.

The test windows of the folds chose the configuration, so the ratio is optimistic even with agents on fresh seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ConfigDict, FiniteFloat

from fxai.evaluation.sharpe_tests import sharpe_ratios
from fxai.market.bars import FloatArray

_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class FoldEfficiency:
    """Annualized Sharpe ratios of the agents of one fold; 0 for returns that do not vary."""

    __pydantic_config__ = _STRICT

    in_sample: FiniteFloat  # on the train bars of the fold
    out_of_sample: FiniteFloat  # on its test bars
    ratio: FiniteFloat | None  # out-of-sample / in-sample; None if the in-sample Sharpe ratio is not above 0


@dataclass(frozen=True, slots=True)
class WalkForwardEfficiency:
    """The ratio of out-of-sample to in-sample Sharpe ratio over all folds, and that of each fold."""

    __pydantic_config__ = _STRICT

    ratio: FiniteFloat | None  # of the means over the folds; None if the in-sample mean is not above 0
    lowest: FiniteFloat | None  # of the folds that have a ratio; None if none has
    highest: FiniteFloat | None
    folds: tuple[FoldEfficiency, ...]  # in the order of the folds


def walk_forward_efficiency(
    train: Sequence[FloatArray], test: Sequence[FloatArray], bars_per_year: float
) -> WalkForwardEfficiency:
    """The walk-forward efficiency of agents in folds, with Sharpe ratios in place of Pardo's profits.

    The ratio of the means is less disturbed by a fold with a small in-sample Sharpe ratio than the mean of the ratios.

    Source: Pardo (2008), "The evaluation and optimization of trading strategies", chapter 11.

    Args:
        train: Returns on the train bars of each fold, [bar], the mean over the seeds.
        test: Returns on the test bars of each fold, [bar].
        bars_per_year: For annualized Sharpe ratios.
    """
    inside, outside = ([_annual_sharpe(fold, bars_per_year) for fold in side] for side in (train, test))
    folds = tuple(FoldEfficiency(a, b, _ratio(b, a)) for a, b in zip(inside, outside, strict=True))
    ratios = [fold.ratio for fold in folds if fold.ratio is not None]
    return WalkForwardEfficiency(
        ratio=_ratio(math.fsum(outside), math.fsum(inside)),
        lowest=min(ratios, default=None),
        highest=max(ratios, default=None),
        folds=folds,
    )


def _annual_sharpe(returns: FloatArray, bars_per_year: float) -> float:
    return float(sharpe_ratios(returns)) * math.sqrt(bars_per_year)


def _ratio(out_of_sample: float, in_sample: float) -> float | None:
    """None also where the division is not finite."""
    ratio = out_of_sample / in_sample if in_sample > 0 else math.inf
    return ratio if math.isfinite(ratio) else None
