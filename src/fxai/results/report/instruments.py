"""Report section: the best trial and trial 0 on each of several instruments."""

from collections.abc import Sequence

from fxai.metric_text import number_text
from fxai.results.instrument_values import InstrumentValues, instrument_values
from fxai.results.report.blocks import Section, Table
from fxai.results.report.study_info import StudyInfo

_WORDS = {"total_return": "Return", "sharpe": "Sharpe ratio"}


def instruments(info: StudyInfo) -> Section | None:
    """The values on each instrument; None for data of one instrument without a name."""
    best = info.record.best
    if best is None or not info.record.traits.has_instruments:
        return None
    found = _values(info, best.number)
    if not found:
        return None
    default = _values(info, 0) if best.number else ()
    names = [name for name in found[0].metrics if name in {info.record.metric, *_WORDS}]
    beside = ("of trial 0",) if default else ()
    columns = [heading for name in names for heading in (_WORDS.get(name, name), *beside)]
    rows = [
        (each.name, *(cell for name in names for cell in _cells(name, each, default[place] if default else None)))
        for place, each in enumerate(found)
    ]
    table = Table(("Instrument", *columns), rows, frozenset(range(1, 1 + len(columns))), stacked=True)
    reading = (
        f"Trial {best.number} on the validation split of each instrument, after costs: means over its agents. The "
        f"value of a trial, its {info.record.metric}, is the mean over the instruments."
    )
    return Section("instruments", "Each instrument", [table], reading)


def _values(info: StudyInfo, number: int) -> tuple[InstrumentValues, ...]:
    return instrument_values(info.paths.trial(number).returns, info.record.metric)


def _cells(name: str, found: InstrumentValues, default: InstrumentValues | None) -> Sequence[str]:
    """A metric of a trial, and of trial 0 if it is another one."""
    return [number_text(name, each.metrics[name], trading=True) for each in (found, default) if each is not None]
