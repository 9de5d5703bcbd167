"""Checks before a run whether a study's data have enough bars for all its trials."""

from functools import lru_cache

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.folds import folds_of
from fxai.market.read_bars import load_bars
from fxai.market.splits import split
from fxai.spec.fields.data_config import DataConfig, FeatureConfig, SplitConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import longest_windows, with_embargo
from fxai.spec.search.study import StudySpec


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
    for spans in [fold.train for fold in folds] or [(splits.train,)]:
        if (most := max(map(len, spans))) <= windows.observation:
            raise DataError(
                f"study {study.study_name}: a training has at most {most} bars without a gap, and an "
                f"env.observation_window of {windows.observation} needs more than {windows.observation}. Use more bars "
                "or shorter windows"
            )


@lru_cache(maxsize=1)
def _bars(config: DataConfig) -> Bars:
    """The bars of a configuration, kept for the next study of the spec."""
    return load_bars(config)
