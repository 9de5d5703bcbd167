from itertools import chain
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.splits.folds import (
    Fold,
    combinatorial_folds,
    combinatorial_paths,
    folds_of,
    latest_first,
    latest_fold,
    splits_of,
    walk_forward_folds,
)
from fxai.market.splits.splits import Span, Splits
from fxai.spec.fields.data_config import SplitConfig

CASES = 1000
Indices = list[int]


@pytest.fixture(scope="module")
def skfolio() -> Any:
    return pytest.importorskip("skfolio.model_selection")


def bars(spans: tuple[Span, ...]) -> Indices:
    return list(chain.from_iterable(range(span.start, span.stop) for span in spans))


@settings(max_examples=CASES, deadline=None)
@given(
    warm_up=st.integers(0, 50),
    train_bars=st.integers(1, 200),
    folds=st.integers(1, 12),
    test_bars=st.integers(1, 60),
    left=st.integers(0, 11),
    purge=st.integers(0, 40),
    anchored=st.booleans(),
)
def test_walk_forward_folds_are_those_of_skfolio(
    *, skfolio: Any, warm_up: int, train_bars: int, folds: int, test_bars: int, left: int, purge: int, anchored: bool
):
    left = min(left, folds - 1, test_bars - 1)  # with more bars skfolio has another window
    train = Span(warm_up, warm_up + train_bars)
    stop = train.stop + purge + folds * test_bars + left
    peer = skfolio.WalkForward(
        test_size=test_bars, train_size=train_bars, expand_train=anchored, purged_size=purge
    ).split(np.zeros((stop - warm_up, 1)))
    own = walk_forward_folds(train, stop, folds=folds, anchored=anchored, purge=purge)
    assert [(bars(fold.train), bars(fold.test)) for fold in own] == [
        ((train + warm_up).tolist(), (test + warm_up).tolist()) for train, test in peer
    ]


@settings(max_examples=CASES, deadline=None)
@given(
    first=st.integers(0, 50),
    groups=st.integers(3, 8),
    data=st.data(),
    purge=st.integers(0, 12),
    embargo=st.integers(0, 12),
    more=st.integers(0, 20),
    left=st.integers(0, 7),
)
def test_combinatorial_folds_and_paths_are_those_of_skfolio(
    *, skfolio: Any, first: int, groups: int, data: st.DataObject, purge: int, embargo: int, more: int, left: int
):
    test_groups = data.draw(st.integers(2, groups - 1), label="test_groups")
    region = Span(first, first + groups * (purge + embargo + 2 + more) + min(left, groups - 1))
    peer = skfolio.CombinatorialPurgedCV(
        n_folds=groups, n_test_folds=test_groups, purged_size=purge, embargo_size=embargo
    )
    own = combinatorial_folds(region, groups=groups, test_groups=test_groups, purge=purge, embargo=embargo)
    expected = [
        ((train + first).tolist(), [(each + first).tolist() for each in tests])
        for train, tests in peer.split(np.zeros((len(region), 1)))
    ]
    assert [(bars(fold.train), [bars((span,)) for span in fold.test]) for fold in own] == expected
    assert np.array(combinatorial_paths(groups, test_groups)).T.tolist() == peer.recombined_paths.tolist()


def test_a_rolling_window_moves_and_an_anchored_one_grows():
    train, stop = Span(10, 110), 215
    rolling = walk_forward_folds(train, stop, folds=3, anchored=False, purge=5)
    anchored = walk_forward_folds(train, stop, folds=3, anchored=True, purge=5)
    assert rolling == (
        Fold((Span(10, 110),), (Span(115, 148),)),
        Fold((Span(43, 143),), (Span(148, 181),)),
        Fold((Span(76, 176),), (Span(181, 214),)),
    )
    assert [fold.train for fold in anchored] == [(Span(10, 110),), (Span(10, 143),), (Span(10, 176),)]
    assert [fold.test for fold in anchored] == [fold.test for fold in rolling]


def test_a_combinatorial_fold_leaves_out_bars_at_both_sides_of_a_test_group():
    folds = combinatorial_folds(Span(100, 402), groups=3, test_groups=2, purge=2, embargo=3)
    assert folds == (
        Fold((Span(305, 402),), (Span(100, 200), Span(200, 300))),
        Fold((Span(205, 298),), (Span(100, 200), Span(300, 402))),
        Fold((Span(100, 198),), (Span(200, 300), Span(300, 402))),
    )


def test_groups_shorter_than_the_bars_left_out_are_refused():
    with pytest.raises(ValueError, match="groups of 10 bars are too short for 9 bars"):
        combinatorial_folds(Span(0, 30), groups=3, test_groups=2, purge=4, embargo=5)


def test_too_few_bars_give_empty_test_windows():
    folds = walk_forward_folds(Span(0, 50), 54, folds=3, anchored=False, purge=10)
    assert [len(fold.test[0]) for fold in folds] == [0, 0, 0]


SPLITS = Splits(train=Span(50, 1000), validation=Span(1100, 1400), test=Span(1500, 2000))


def split_config(**fields: Any) -> SplitConfig:
    return SplitConfig.model_validate(fields)


def test_a_configuration_without_folds_has_none():
    assert folds_of(SplitConfig(), SPLITS, 50) == ()


def test_the_windows_of_walk_forward_lie_between_train_and_test_split():
    folds = folds_of(split_config(walk_forward={"folds": 5, "purge": 20}), SPLITS, 50)
    assert folds[0].train == (SPLITS.train,)
    assert folds[0].test == (Span(1020, 1096),)
    assert folds[-1].test[0].stop == 1400
    assert latest_fold(folds) == 4
    assert latest_first(folds) == (4, 0, 1, 2, 3)
    assert splits_of(folds[4], SPLITS) == Splits(folds[4].train[0], folds[4].test[0], SPLITS.test)


def test_the_purge_of_a_configuration_outside_a_study_is_the_longest_feature_window():
    folds = folds_of(split_config(walk_forward={}), SPLITS, 50)
    assert folds[0].test[0].start == 1050


@pytest.mark.parametrize("fields", [{"walk_forward": {"folds": 7}}, {"combinatorial": {"groups": 4, "first_bar": 70}}])
def test_the_test_split_is_outside_all_folds(fields: dict[str, Any]):
    for fold in folds_of(split_config(**fields), SPLITS, 50):
        assert all(span.stop <= SPLITS.validation.stop for span in (*fold.train, *fold.test))
        assert not set(bars(fold.train)).intersection(bars(fold.test))


@pytest.mark.parametrize("embargo", [0, 7])
@pytest.mark.parametrize("purge", [0, 3, 30])
def test_no_feature_window_of_a_training_contains_bars_of_a_test_group(purge: int, embargo: int):
    warm_up = 25
    config = split_config(combinatorial={"groups": 5, "purge": purge, "embargo": embargo, "first_bar": 60})
    folds = folds_of(config, SPLITS, warm_up)
    assert latest_fold(folds) == 0
    assert splits_of(folds[0], SPLITS) == Splits(Span(596 + max(purge + embargo, 25), 1400), Span(60, 596), SPLITS.test)
    for fold in folds:
        tested = set(bars(fold.test))
        for span in fold.train:
            assert not tested.intersection(range(span.start - warm_up, span.stop + purge))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"walk_forward": {"folds": 10, "purge": 90}}, "need 410 bars .* there are 400"),
        (
            {"combinatorial": {"groups": 7, "purge": 90, "first_bar": 60}},
            "need 1484 bars, .* are 1340 from bar 60",
        ),
        ({"combinatorial": {"first_bar": 20}}, "first_bar 20 is before bar 50, the first with all features"),
    ],
)
def test_too_few_bars_are_refused_with_how_many_are_needed(fields: dict[str, Any], message: str):
    with pytest.raises(DataError, match=message):
        folds_of(split_config(**fields), SPLITS, 50)
