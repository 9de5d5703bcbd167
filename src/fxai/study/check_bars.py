"""Checks before a run whether a study's data have enough bars for all its trials."""

from functools import lru_cache

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.folds import folds_of
from fxai.market.read_bars import load_bars
from fxai.market.splits import Splits, bars_in_all, split
from fxai.spec.fields.data_config import DataConfig, FeatureConfig, SplitConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import longest_windows, with_embargo
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig


def check_bars(study: StudySpec) -> None:
    """Check that every trial of a study has enough bars, those with the longest windows of its search space included.

    A study with an objective of the user is not checked.

    Raises:
        DataError: The data cannot be read, or there are too few bars; the message says how many are needed.
    """
    config = with_embargo(study).training_config
    if not isinstance(config, TrainingConfig):
        return
    windows = longest_windows(study)
    bars = _bars(config.data.model_copy(update={"split": SplitConfig(), "features": FeatureConfig()}))
    try:
        splits = split(bars.time, config.data.split, windows.features)
        folds = folds_of(config.data.split, splits, windows.features)
    except DataError as error:
        raise DataError(f"study {study.study_name}: {error}") from None
    if isinstance(study.verdict, VerdictConfig):
        _check_test_bars(study, config.data.split, splits, windows.features)
    for spans in [fold.train for fold in folds] or [(splits.train,)]:
        if (most := max(map(len, spans))) <= windows.observation:
            raise DataError(
                f"study {study.study_name}: a training has at most {most} bars without a gap, and an "
                f"env.observation_window of {windows.observation} needs more than {windows.observation}. Use more bars "
                "or shorter windows"
            )


def _check_test_bars(study: StudySpec, config: SplitConfig, splits: Splits, warm_up: int) -> None:
    """Check that the test split has enough bars for the bounds that decide a verdict."""
    from fxai.evaluation.whole_error import MINIMUM_BARS  # noqa: PLC0415 - SciPy is slow to load

    needed, found = MINIMUM_BARS + 1, len(splits.test)  # an agent earns nothing on the first bar
    if found < needed:
        total = bars_in_all(config, warm_up, needed)
        in_all = "" if total is None else f", so about {total} bars in all"
        raise DataError(
            f"study {study.study_name}: the bounds of a verdict need a test split of {needed} bars{in_all}; it has "
            f"{found}. Use more bars, change data.split.train ({config.train}) or data.split.validation "
            f"({config.validation}), or write verdict: off"
        )


@lru_cache(maxsize=1)
def _bars(config: DataConfig) -> Bars:
    """The bars of a configuration, kept for the next study of the spec."""
    return load_bars(config)
