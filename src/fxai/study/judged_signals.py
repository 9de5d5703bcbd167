"""The committees of language models' adapters that a verdict compares, on the test split of `llm_signal`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fxai.errors import InputError
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.instrument_figures import InstrumentFigures, figures_on
from fxai.evaluation.model_knowledge import knowledge_of
from fxai.evaluation.signal_baselines import signal_baselines
from fxai.market.bars import FloatArray
from fxai.market.news.prepared_decisions import PreparedDecisions
from fxai.market.news.signal_scores import instrument_returns, score_signals
from fxai.market.timestamps.calendar import bars_per_year
from fxai.spec.search.configure import trial_settings
from fxai.spec.search.signal_config import signal_config
from fxai.study.committees import DEFAULT_TRIAL, Committees
from fxai.study.judged_committees import ComparedCommittees
from fxai.study.news_decisions import study_decisions

if TYPE_CHECKING:
    from fxai.llm.signal_committee import CommitteeSignals

_NAMED = 5  # instruments in a text


@dataclass(frozen=True, slots=True, eq=False)
class JudgedSignals:
    """See `JudgedCommittees`."""

    committees: Committees
    prepared: PreparedDecisions  # of the study

    @property
    def data(self) -> str:
        names = self.prepared.market.names
        if len(names) > _NAMED:
            return f"the baskets of {len(names)} instruments"
        return f"the baskets of {', '.join(names)}" if len(names) > 1 else names[0]

    @property
    def data_hash(self) -> str:
        return self.prepared.content_hash

    @property
    def split(self) -> str:
        return "test"

    @property
    def uses_test_split(self) -> bool:
        return True

    @property
    def searched_bars_per_year(self) -> float:
        return bars_per_year(self.prepared.market.dates)

    def compare(self) -> ComparedCommittees:
        span, study = self.prepared.splits.test, self.committees.study
        winner = self._signals(study.winner)
        default = winner if study.winner == DEFAULT_TRIAL else self._signals(DEFAULT_TRIAL)
        dates = self.prepared.market.dates[span.start + 1 : span.stop]
        return ComparedCommittees(
            winner=committee_returns(winner),
            default=committee_returns(default),
            dates=dates,
            bars_per_year=bars_per_year(self.prepared.market.dates),
            baselines=signal_baselines(winner.decisions, winner.committee, span, winner.rules),
            instruments=instruments_of(winner, default),
            knowledge=knowledge_of(signal_config(trial_settings(study.spec, {})).model.knowledge_until, dates),
        )

    def _signals(self, trial: int) -> "CommitteeSignals":
        from fxai.llm.signal_committee import committee_signals  # noqa: PLC0415 - torch, which this process does without

        return committee_signals(self.committees.agents_of(trial), self.prepared.market, self.prepared.splits.test)


def judged_signals(committees: Committees, data: str | None) -> JudgedSignals:
    """The committees on the test split of the study.

    Raises:
        FxaiError: Prices or news cannot be read; or `data` names other data.
    """
    spec = committees.study.spec
    if data is not None:
        raise InputError(
            f"{spec.study_name}: a verdict of llm_signal needs prices and news, and --data names prices alone; leave "
            "it out for the test split of the study"
        )
    return JudgedSignals(committees, study_decisions(spec))


def committee_returns(found: "CommitteeSignals") -> CommitteeReturns:
    """What signals earn on the dates of their span after costs, together and each member's alone."""

    def earned(signals: FloatArray) -> FloatArray:
        return score_signals(found.decisions, signals, found.span, found.rules).returns

    return CommitteeReturns(earned(found.committee), np.stack([earned(each) for each in found.members]))


def instruments_of(winner: "CommitteeSignals", default: "CommitteeSignals") -> tuple[InstrumentFigures, ...]:
    """What each instrument with bars adds to the portfolios of both committees; nothing if there is only one."""
    market = winner.decisions.market
    if len(market.names) == 1:
        return ()
    of_both = [
        instrument_returns(found.decisions, found.committee, found.span, found.rules) for found in (winner, default)
    ]
    return tuple(
        figures_on(name, bars_per_year(bars.time), own, other, of_portfolio=True)
        for name, bars, own, other in zip(market.names, market.bars, *of_both, strict=True)
        if len(own)
    )
