"""The bars and the market of a study whose objective returns positions."""

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.markets.dataset import Market, prepare_bars
from fxai.market.reading.read_bars import load_bars
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.positions_config import scored_market
from fxai.spec.search.study import StudySpec


def position_market(study: StudySpec) -> tuple[Bars, Market]:
    """The bars of the data, and the market that scores its positions.

    Raises:
        DataError: The data cannot be read, or there are too few bars.
    """
    data = scored_market(trial_settings(study, {})).data
    try:
        bars = load_bars(data)
        return bars, prepare_bars(bars, data)
    except DataError as error:
        raise DataError(f"study {study.study_name}: {error}") from error
