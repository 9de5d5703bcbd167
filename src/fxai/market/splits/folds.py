"""Folds of a validation: several trainings of one trial, each with train spans and test spans of its own.

Folds are cut from numbers of bars alone. The rules are those of skfolio's `WalkForward` and `CombinatorialPurgedCV`
(López de Prado, Advances in Financial Machine Learning, 2018, chapters 7 and 12), and tests compare the folds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, groupby

from fxai.errors import DataError
from fxai.market.splits.splits import FEWEST_BARS, Span, Splits
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.folds_config import CombinatorialConfig, WalkForwardConfig


@dataclass(frozen=True, slots=True)
class Fold:
    """The bars of one training and the bars that score it. The spans of each are disjoint and in the order of time."""

    train: tuple[Span, ...]
    test: tuple[Span, ...]


def folds_of(config: SplitConfig, splits: Splits, warm_up: int) -> tuple[Fold, ...]:
    """The folds of a configuration; none if it has no folds.

    A train span after a test group begins `warm_up` bars after the group or later, so that no feature of the span
    depends on bars of the group.

    Args:
        config: Splits and folds; a purge that is missing is `warm_up`.
        splits: The splits that `market.splits.split` cuts.
        warm_up: Number of bars before the first bar with all features.

    Raises:
        DataError: There are too few bars; the message says how many are needed.
    """
    if config.walk_forward is not None:
        return _walk_forward(config.walk_forward, splits, warm_up)
    if config.combinatorial is not None:
        return _combinatorial(config.combinatorial, splits, warm_up)
    return ()


def latest_fold(folds: Sequence[Fold]) -> int:
    """The index of the fold whose training ends last, the first of several. Its agent is the one that is kept."""
    return max(range(len(folds)), key=lambda number: (folds[number].train[-1].stop, -number))


def latest_first(folds: Sequence[Fold]) -> tuple[int, ...]:
    """The indices of the folds in the order of a trial's lanes: the latest fold, then the others in their order."""
    latest = latest_fold(folds)
    return (latest, *(number for number in range(len(folds)) if number != latest))


def splits_of(fold: Fold, splits: Splits) -> Splits:
    """The splits of the latest fold: its train and test bars are each without a gap. The test split stays."""
    train, test = (Span(spans[0].start, spans[-1].stop) for spans in (fold.train, fold.test))
    return Splits(train, test, splits.test)


def walk_forward_folds(train: Span, stop: int, *, folds: int, anchored: bool, purge: int) -> tuple[Fold, ...]:
    """Cut the bars after a train split into equal test windows, each scored by a training on the bars before it.

    The test windows follow each other without a gap. `purge` bars before each test window are in no train window.
    Up to `folds - 1` bars before `stop` are in no test window.

    Args:
        train: The first train window.
        stop: The bar after the last test window.
        folds: Number of test windows.
        anchored: Whether each train window begins at the first bar of `train`. Otherwise it has as many bars as
            `train` and moves with the test window.
        purge: Bars between the end of a train window and its test window.

    Returns:
        The folds in the order of time. The test windows are empty if there are too few bars.
    """
    first = train.stop + purge
    size = max(0, stop - first) // folds
    tests = [Span(first + number * size, first + (number + 1) * size) for number in range(folds)]
    return tuple(
        Fold((Span(train.start if anchored else test.start - purge - len(train), test.start - purge),), (test,))
        for test in tests
    )


def combinatorial_folds(region: Span, *, groups: int, test_groups: int, purge: int, embargo: int) -> tuple[Fold, ...]:
    """Cut bars into groups, and make one fold of each choice of `test_groups` of them for the test.

    The last group also has the bars that are left after the division. `purge` bars before a test group, and
    `purge + embargo` bars after one, are in no train span.

    Args:
        region: The bars of all groups.
        groups: Number of groups.
        test_groups: Number of groups that score each training.
        purge: Bars left out at both sides of a test group.
        embargo: Further bars left out after a test group.

    Returns:
        The folds in lexicographic order of their test groups; each test group is a span. A fold whose train bars are
        all left out has no train span.

    Raises:
        ValueError: A group has fewer than `purge + embargo + 2` bars.
    """
    spans = _groups(region, groups)
    if purge + embargo >= len(spans[0]) - 1:
        raise ValueError(f"groups of {len(spans[0])} bars are too short for {purge + embargo} bars left out after one")
    chosen = combinations(range(groups), test_groups)
    return tuple(Fold(_train_spans(spans, set(test), purge, embargo), tuple(spans[i] for i in test)) for test in chosen)


def combinatorial_paths(groups: int, test_groups: int) -> tuple[tuple[int, ...], ...]:
    """The paths of the combinatorial folds: each path has a test score of every group, from different folds.

    Returns:
        [path][group]: index of the fold whose test of the group is part of the path. Every test of every fold is in
        exactly one path.
    """
    chosen = list(combinations(range(groups), test_groups))
    by_group = [[fold for fold, test in enumerate(chosen) if group in test] for group in range(groups)]
    return tuple(zip(*by_group, strict=True))


def paths_of(config: SplitConfig, folds: Sequence[Fold]) -> tuple[tuple[tuple[int, int], ...], ...]:
    """The paths over all test bars.

    Returns:
        [path][window in the order of time]: index of the fold whose test has the window, and of the window in the
        fold's test spans. Walk-forward has one path.
    """
    groups = config.combinatorial
    if groups is None:
        return (tuple((fold, 0) for fold in range(len(folds))),)
    tested = list(combinations(range(groups.groups), groups.test_groups))
    return tuple(
        tuple((fold, tested[fold].index(group)) for group, fold in enumerate(path))
        for path in combinatorial_paths(groups.groups, groups.test_groups)
    )


def _walk_forward(config: WalkForwardConfig, splits: Splits, warm_up: int) -> tuple[Fold, ...]:
    purge = warm_up if config.purge is None else config.purge
    needed, found = config.folds * FEWEST_BARS + purge, splits.validation.stop - splits.train.stop
    if found < needed:
        raise DataError(
            f"walk_forward: {config.folds} folds after a purge of {purge} bars need {needed} bars between the train "
            f"split and the test split, with {FEWEST_BARS} bars a fold; there are {found}. Use more bars, a larger "
            "data.split.validation, fewer folds or a shorter purge"
        )
    anchored = config.scheme == "anchored"
    return walk_forward_folds(splits.train, splits.validation.stop, folds=config.folds, anchored=anchored, purge=purge)


def _combinatorial(config: CombinatorialConfig, splits: Splits, warm_up: int) -> tuple[Fold, ...]:
    purge = warm_up if config.purge is None else config.purge
    first = warm_up if config.first_bar is None else config.first_bar
    if first < warm_up:
        raise DataError(f"combinatorial: first_bar {first} is before bar {warm_up}, the first with all features")
    region = Span(first, splits.validation.stop)
    left_out = max(2 * purge + config.embargo, purge + warm_up)  # of a train group between two test groups
    needed = config.groups * (FEWEST_BARS + left_out)
    if len(region) < needed:
        raise DataError(
            f"combinatorial: {config.groups} groups with {left_out} bars left out of a group between two test groups "
            f"need {needed} bars, with {FEWEST_BARS} bars left in each; there are {len(region)} from bar {first} to "
            "the test split. Use more bars, fewer groups, a shorter purge or a shorter embargo"
        )
    folds = combinatorial_folds(
        region, groups=config.groups, test_groups=config.test_groups, purge=purge, embargo=config.embargo
    )
    after_gap = max(0, warm_up - purge - config.embargo)
    return tuple(Fold(tuple(_later(span, first, after_gap) for span in fold.train), fold.test) for fold in folds)


def _later(span: Span, first: int, bars: int) -> Span:
    """A train span that begins later by a number of bars, unless it begins at the first bar of all groups."""
    return span if span.start == first else Span(span.start + bars, span.stop)


def _groups(region: Span, groups: int) -> list[Span]:
    size = len(region) // groups
    starts = [region.start + number * size for number in range(groups)]
    return [Span(start, stop) for start, stop in zip(starts, (*starts[1:], region.stop), strict=True)]


def _train_spans(spans: list[Span], test: set[int], purge: int, embargo: int) -> tuple[Span, ...]:
    """The groups that are not tested, neighbours joined, without the purged bars."""
    train = []
    for is_test, run in groupby(range(len(spans)), key=test.__contains__):
        first, *_, last = (*run,) * 2
        if is_test:
            continue
        start = spans[first].start + (purge + embargo if first - 1 in test else 0)
        stop = spans[last].stop - (purge if last + 1 in test else 0)
        train.append(Span(start, stop))
    return tuple(span for span in train if len(span))
