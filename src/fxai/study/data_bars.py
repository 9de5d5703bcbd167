"""The bars of the data that a study trains on, or whose positions it scores."""

from collections.abc import Sequence
from datetime import datetime

import numpy as np

from fxai.market.bars import TimeArray
from fxai.market.mapped.market_cache import mapped_or_prepared
from fxai.market.mapped.release_memory import release_memory
from fxai.market.markets.dataset import Market
from fxai.market.news.prepared_decisions import PreparedDecisions
from fxai.market.reading.instrument_bars import read_instruments
from fxai.market.reading.read_bars import load_bars
from fxai.market.timestamps.calendar import bar_length, bars_per_year
from fxai.search.study_bars import StudyBars
from fxai.spec.checks.cost_names import check_cost_names
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.objective import LLM_SIGNAL, returns_positions
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.study import StudySpec
from fxai.study.news_decisions import study_decisions
from fxai.study.position_market import position_market


def study_bars(study: StudySpec) -> StudyBars | None:
    """The bars of a study. None for a study with an objective of the user whose data are not known here.

    Raises:
        InputError: the data cannot be read or used.
    """
    found = bars_with_times(study)
    return None if found is None else found[0]


def bars_with_times(study: StudySpec) -> tuple[StudyBars, TimeArray] | None:
    """As `study_bars`, with the opens of all bars [bar]; with several instruments those of any of them."""
    if returns_positions(study.objective):
        market = position_market(study)[1]
        return _bars([market], market.content_hash)
    if study.objective == LLM_SIGNAL:
        return _dates(study_decisions(study))
    if isinstance(study.training_config, CustomConfig):
        return None
    markets = mapped_or_prepared(study.training_config.data, write_small=True)  # its workers find them
    check_cost_names(study.training_config.env, markets.names)
    found = _bars(markets.markets, markets.content_hash)
    del markets
    release_memory()  # this process stays beside the workers until the study ends
    return found


def scored_bars_per_year(study: StudySpec) -> float:
    """Bars per year of the data that score the trials of a study; the study has no custom code.

    Raises:
        InputError: The data cannot be read or used.
    """
    if study.objective == LLM_SIGNAL:
        return bars_per_year(study_decisions(study).market.dates)
    config = study.training_config
    if isinstance(config, CustomConfig):
        raise TypeError(f"the objective of {study.study_name} is custom code")
    return mapped_or_prepared(config.data).first.bars_per_year


def last_bar(config: DataConfig) -> datetime:
    """The open of the last bar of a configuration, of any of its instruments."""
    if config.has_instruments:
        last = max(reading.bars.time[-1] for reading in read_instruments(config).values())
    else:
        last = load_bars(config).time[-1]
    return datetime.fromisoformat(_text(last))


def _bars(markets: Sequence[Market], content_hash: str) -> tuple[StudyBars, TimeArray]:
    first = markets[0]
    time = np.array(first.time) if len(markets) == 1 else np.unique(np.concatenate([each.time for each in markets]))
    tests = [each.time[each.splits.test.start] for each in markets if len(each.splits.test)]
    test = min(tests, default=None)
    found = StudyBars(
        content_hash=content_hash,
        bars=len(time),
        first=_text(time[0]),
        last=_text(time[-1]),
        seconds=float(bar_length(time) / np.timedelta64(1, "s")),
        test_first=None if test is None else _text(test),
        test_bars=0 if test is None else int((time >= test).sum()),
        features=tuple(dict.fromkeys(first.feature_names)),
        columns=first.columns,
    )
    return found, time


def _dates(decisions: PreparedDecisions) -> tuple[StudyBars, TimeArray]:
    """The dates on which any instrument has a bar."""
    dates, test = decisions.market.dates, decisions.splits.test
    found = StudyBars(
        content_hash=decisions.content_hash,
        bars=len(dates),
        first=_text(dates[0]),
        last=_text(dates[-1]),
        seconds=float(bar_length(dates) / np.timedelta64(1, "s")),
        test_first=_text(dates[test.start]) if len(test) else None,
        test_bars=len(test),
    )
    return found, dates


def _text(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="s", timezone="UTC"))
