"""Part of the report's section on the verdict: how the trial was selected on the validation bars."""

from collections.abc import Sequence
from statistics import fmean
from typing import TypeAlias

from fxai.evaluation.fold_efficiency import WalkForwardEfficiency
from fxai.evaluation.selection import BetterTrials, Selection
from fxai.evaluation.selection_words import (
    CAUTION,
    deflated_meaning,
    overfitting_meaning,
    percent,
    trials_sentence,
)
from fxai.formatting import counted, runs
from fxai.results.report.blocks import Block, Table, Text

_MOST_NUMBERS = 10
_Row: TypeAlias = tuple[str, str, str]  # a figure's name, its value, and what it is


def selection_blocks(selection: Selection, trial: int) -> Sequence[Block]:
    """The figures of the selection of a trial, each with what it is, and the reasons of missing ones."""
    blocks: list[Block] = [Text(f"{CAUTION} {trials_sentence(selection)}")]
    rows = _rows(selection, trial)
    if rows:
        cells = [(name, f"{value}: {what}") for name, value, what in rows]
        blocks.append(Table(("The selection on validation", ""), cells, stacked=True))
    return [*blocks, *(Text(each.sentence) for each in selection.missing)]


def _rows(selection: Selection, trial: int) -> Sequence[_Row]:
    rows: list[_Row] = []
    if (deflated := selection.deflated_sharpe) is not None:
        meaning = deflated_meaning(deflated, selection.tried, trial)
        rows.append(("Deflated Sharpe ratio (DSR)", percent(deflated.probability), meaning))
    if (overfitted := selection.overfitting) is not None:
        name = "Probability of backtest overfitting (PBO)"
        rows.append((name, percent(overfitted.probability), overfitting_meaning(overfitted)))
    if (effective := selection.effective_trials) is not None:
        meaning = f"number of independent trials that are as many tries as the {selection.used} correlated ones."
        rows.append(("Effective number of trials", f"{effective:.1f}", meaning))
    if selection.better_trials is not None:
        rows += _tests(selection.better_trials)
    if (efficiency := selection.efficiency) is not None and efficiency.ratio is not None:
        rows.append(("Walk-forward efficiency", f"{efficiency.ratio:.2f}", _efficiency_meaning(efficiency)))
    return rows


def _tests(found: BetterTrials) -> Sequence[_Row]:
    resampled = f"block bootstrap with {found.replicates:,} replicates"
    if found.grouped_bars > 1:
        resampled += f" of the means of {found.grouped_bars} bars"
    one_is_not = f"the probability that one of them does not is at most {percent(found.error_rate)}"
    return [
        (
            "Test of superior predictive ability (SPA)",
            _p_value(found),
            f"of the hypothesis that no trial earns more than doing nothing; {resampled}.",
        ),
        ("Stepwise multiple test (StepM)", _numbers(found), f"trials that earn more than doing nothing; {one_is_not}."),
    ]


def _p_value(found: BetterTrials) -> str:
    least = 1 / found.replicates
    return f"p = {found.p_value:.3g}" if found.p_value >= least else f"p below {least:g}"


def _numbers(found: BetterTrials) -> str:
    further = len(found.better) - _MOST_NUMBERS
    return (runs(found.better[:_MOST_NUMBERS]) or "none") + (f" and {further} more" if further > 0 else "")


def _efficiency_meaning(found: WalkForwardEfficiency) -> str:
    folds = counted(len(found.folds), "fold")
    inside, outside = (fmean(ratios) for ratios in _sharpe_ratios(found))
    return (
        f"mean Sharpe ratio of agents on fresh seeds on the test bars of {folds}, {outside:.2f}, over that on the "
        f"train bars, {inside:.2f}{_spread(found)}."
    )


def _sharpe_ratios(found: WalkForwardEfficiency) -> tuple[list[float], list[float]]:
    """On the train bars and on the test bars of each fold."""
    return [fold.in_sample for fold in found.folds], [fold.out_of_sample for fold in found.folds]


def _spread(found: WalkForwardEfficiency) -> str:
    known = sum(fold.ratio is not None for fold in found.folds)
    if found.lowest is None or found.highest is None:
        return ""
    which = (
        "the folds" if known == len(found.folds) else f"the {known} folds with a Sharpe ratio above 0 on the train bars"
    )
    return f"; from {found.lowest:.2f} to {found.highest:.2f} over {which}"
