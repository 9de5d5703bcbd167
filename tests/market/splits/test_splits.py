import re
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.errors import DataError
from fxai.market.splits.splits import FEWEST_BARS, split
from fxai.spec.fields.data_config import SplitConfig


def hours(count: int) -> np.ndarray:
    return np.datetime64("2017-01-01", "ns") + np.arange(count) * np.timedelta64(1, "h")


@given(
    count=st.integers(1500, 3000),
    train=st.floats(0.2, 0.6),
    validation=st.floats(0.1, 0.3),
    embargo=st.integers(0, 50),
    warm_up=st.integers(0, 200),
)
def test_splits_are_ordered_disjoint_and_embargoed(
    count: int, train: float, validation: float, embargo: int, warm_up: int
):
    config = SplitConfig(train=train, validation=validation, embargo_bars=embargo)
    splits = split(hours(count), config, warm_up)
    assert splits.train.start == warm_up
    assert splits.validation.start - splits.train.stop == embargo
    assert splits.test.start - splits.validation.stop == embargo
    assert splits.test.stop == count
    assert all(len(span) >= FEWEST_BARS for span in splits.named().values())
    assert len(splits.train) == pytest.approx(train * count - warm_up, abs=1)
    assert len(splits.validation) + embargo == pytest.approx(validation * count, abs=1)
    longer = split(hours(count), config, warm_up + 40)
    assert (longer.validation, longer.test) == (splits.validation, splits.test)  # however far features look back


@pytest.mark.parametrize("offset", ["", "Z", "+00:00"])
def test_a_date_ends_its_split_before_the_bar_that_opens_then(offset: str):
    config = SplitConfig.model_validate(
        {"train": f"2017-01-11T00:00{offset}", "validation": f"2017-01-21T00:00{offset}", "embargo_bars": 5}
    )
    splits = split(hours(24 * 30), config, warm_up=10)
    assert (splits.train.start, splits.train.stop) == (10, 240)
    assert (splits.validation.start, splits.validation.stop) == (245, 480)
    assert (splits.test.start, splits.test.stop) == (485, 720)


@pytest.mark.parametrize(
    ("config", "short"),
    [
        (SplitConfig(train=0.97, validation=0.01, embargo_bars=0), "validation"),
        (SplitConfig(train=0.6, validation=0.2, embargo_bars=100), "validation"),
        (SplitConfig(train=0.01, validation=0.3, embargo_bars=0), "train"),
        (SplitConfig(train=datetime(2016, 1, 1, tzinfo=UTC), validation=datetime(2017, 1, 5, tzinfo=UTC)), "train"),
        (SplitConfig(train=datetime(2017, 1, 5, tzinfo=UTC), validation=datetime(2018, 1, 5, tzinfo=UTC)), "test"),
    ],
)
def test_a_short_split_names_what_to_change(config: SplitConfig, short: str):
    with pytest.raises(DataError, match=rf"the {short} split has \d+ bars.*data.split.embargo_bars"):
        split(hours(400), config, warm_up=0)


@given(
    count=st.integers(40, 400),
    train=st.floats(0.05, 0.6),
    validation=st.floats(0.05, 0.3),
    embargo=st.integers(0, 100),
    warm_up=st.integers(0, 200),
)
def test_the_number_of_bars_that_are_needed_is_enough(
    count: int, train: float, validation: float, embargo: int, warm_up: int
):
    config = SplitConfig(train=train, validation=validation, embargo_bars=embargo)
    counts = [count]
    while needed := bars_needed(counts[-1], config, warm_up):
        assert needed > counts[-1]
        counts.append(needed)
    assert len(counts) <= 2  # the number is enough for all splits


def bars_needed(count: int, config: SplitConfig, warm_up: int) -> int | None:
    try:
        split(hours(count), config, warm_up)
    except DataError as error:
        needed = re.search(r"about (\d+) bars in all", str(error))
        assert needed is not None
        return int(needed[1])
    return None


@pytest.mark.parametrize("train", ["2017-01-11", 0.5])
def test_validation_may_take_all_that_remains(train: str | float):
    config = SplitConfig.model_validate({"train": train, "validation": None, "embargo_bars": 5})
    splits = split(hours(480), config, warm_up=10)
    assert (splits.train.stop, splits.validation.start, splits.validation.stop) == (240, 245, 480)
    assert len(splits.test) == 0
    assert set(splits.named()) == {"train", "validation"}
