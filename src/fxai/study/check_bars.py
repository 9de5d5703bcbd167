"""Checks before a run whether a study's data have enough bars for all its trials."""

from collections.abc import Mapping
from functools import lru_cache

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.features.features import warm_up_of
from fxai.market.markets.instruments import common_config
from fxai.market.reading.instrument_bars import read_instruments
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.folds import folds_of
from fxai.market.splits.splits import Splits, bars_in_all, split
from fxai.spec.checks.cost_names import check_cost_names
from fxai.spec.fields.data_config import DataConfig, SplitConfig
from fxai.spec.fields.feature_config import FeatureConfig
from fxai.spec.fields.objective import LLM_SIGNAL, returns_positions
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import columns_of_trials, longest_windows, order_book_of_trials, with_embargo
from fxai.spec.search.study import StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.news_decisions import check_signals
from fxai.study.position_market import position_market


def check_bars(study: StudySpec) -> None:
    """Check that every trial of a study has enough bars, those with the longest windows of its search space included.

    A study with an objective of the user is checked only if FxAI scores it, which is so if it returns positions. Of a
    study of signals the news and the files of the language model are checked too.

    Raises:
        InputError: The data cannot be read, or there are too few bars; the message says how many are needed.
    """
    if study.objective == LLM_SIGNAL:
        check_signals(study)
    config = with_embargo(study).training_config
    if returns_positions(study.objective):
        position_market(study)
    if not isinstance(config, TrainingConfig):
        return
    bars = bars_of_trials(study, config)
    if not config.data.has_instruments:
        _check_market(study, f"study {study.study_name}", bars[""], config.data)
        return
    try:
        check_cost_names(config.env, tuple(bars))
        dated = common_config(bars, config.data)
    except DataError as error:
        raise DataError(f"study {study.study_name}: {error}") from None
    for name, of_instrument in bars.items():
        _check_market(study, f"study {study.study_name}: instrument {name}", of_instrument, dated)


def bars_of_trials(study: StudySpec, config: TrainingConfig) -> Mapping[str, Bars]:
    """The bars of a study by instrument, with the columns of all trials. One source has an empty name.

    The columns of an order book are those that the features of any trial need.

    Raises:
        DataError: The data cannot be read.
    """
    book = order_book_of_trials(study, config)
    features = FeatureConfig(columns=columns_of_trials(study, config), order_book=book)
    return _bars(config.data.model_copy(update={"split": SplitConfig(), "features": features}))


def _check_market(study: StudySpec, where: str, bars: Bars, config: DataConfig) -> None:
    """Check the bars of one market; `where` begins the messages."""
    windows = longest_windows(study)
    warm_up = warm_up_of(bars, config, windows.features)
    try:
        splits = split(bars.time, config.split, warm_up)
        folds = folds_of(config.split, splits, warm_up)
    except DataError as error:
        raise DataError(f"{where}: {error}") from None
    if isinstance(study.verdict, VerdictConfig):
        _check_test_bars(where, config.split, splits, warm_up)
    for spans in [fold.train for fold in folds] or [(splits.train,)]:
        if (most := max(map(len, spans))) <= windows.observation:
            raise DataError(
                f"{where}: a training has at most {most} bars without a gap, and an env.observation_window of "
                f"{windows.observation} needs more than {windows.observation}. Use more bars or shorter windows"
            )


def _check_test_bars(where: str, config: SplitConfig, splits: Splits, warm_up: int) -> None:
    """Check that the test split has enough bars for the bounds that decide a verdict."""
    from fxai.evaluation.whole_error import MINIMUM_BARS  # noqa: PLC0415 - SciPy is slow to load

    needed, found = MINIMUM_BARS + 1, len(splits.test)  # an agent earns nothing on the first bar
    if found < needed:
        total = bars_in_all(config, warm_up, needed)
        in_all = "" if total is None else f", so about {total} bars in all"
        raise DataError(
            f"{where}: the bounds of a verdict need a test split of {needed} bars{in_all}; it has "
            f"{found}. Use more bars, change data.split.train ({config.train}) or data.split.validation "
            f"({config.validation}), or write verdict: off"
        )


@lru_cache(maxsize=1)
def _bars(config: DataConfig) -> Mapping[str, Bars]:
    """The bars of a configuration by instrument, kept for the next study of the spec."""
    if not config.has_instruments:
        return {"": load_bars(config)}
    return {name: reading.bars for name, reading in read_instruments(config).items()}
