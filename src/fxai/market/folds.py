"""Folds of a validation: several trainings of one trial, each with train spans and test spans of its own.

Folds are cut from numbers of bars alone. The rules are those of skfolio's `WalkForward` and `CombinatorialPurgedCV`
(López de Prado, Advances in Financial Machine Learning, 2018, chapters 7 and 12), and tests compare the folds.
"""

from dataclasses import dataclass
from itertools import combinations, groupby

from fxai.market.splits import Span


@dataclass(frozen=True, slots=True)
class Fold:
    """The bars of one training and the bars that score it. The spans of each are disjoint and in the order of time."""

    train: tuple[Span, ...]
    test: tuple[Span, ...]


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
