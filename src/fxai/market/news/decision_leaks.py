"""Tests whether a decision changes when the news and the prices after it change."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from fxai.market.bars import Bars
from fxai.market.leaks.changed_bars import with_other_values
from fxai.market.leaks.cut_positions import changed_positions, cut_positions
from fxai.market.leaks.findings import LeakFinding, LeakKind
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news import News
from fxai.market.news.news_market import match_news
from fxai.spec.fields.decision_config import DecisionConfig

_SEED = 24
_LATER = " (changed)"  # end of the titles of later news

Answers = Callable[[NewsDecisions], Sequence[object]]
"""Computes what is compared for each decision: its prompt, or its signal."""


def check_decisions(
    bars: Mapping[str, Bars], news: News, config: DecisionConfig, answers: Answers
) -> tuple[LeakFinding, ...]:
    """Findings on decisions whose answers change with later news or prices; empty if there are none.

    At some dates, all bars that open at the date or later get other prices, and all news that is published then or
    later gets another title. The answers of the decisions until then must not change.

    Args:
        bars: Bars by the name of their instrument.
        news: The news.
        config: What decisions read.
        answers: What is compared.
    """
    market = match_news(bars, news)
    decisions = decisions_of(market, config)
    before = list(answers(decisions))
    findings = []
    for date in changed_positions(cut_positions(market.dates)):
        moment = market.dates[date + 1]
        changed = decisions_of(match_news(_other_bars(bars, moment), _other_news(news, moment)), config)
        after = list(answers(changed))
        early = np.flatnonzero(decisions.time <= moment)
        differing = next((place for place in early.tolist() if before[place] != after[place]), None)
        if differing is not None:
            findings.append(_finding(decisions, differing, moment))
    return tuple(findings)


def _other_bars(bars: Mapping[str, Bars], moment: np.datetime64) -> dict[str, Bars]:
    starts = {name: int(np.searchsorted(each.time, moment)) for name, each in bars.items()}
    return {name: with_other_values(each, starts[name], len(each), _SEED) for name, each in bars.items()}


def _other_news(news: News, moment: np.datetime64) -> News:
    later = (news.published >= moment).tolist()
    titles = (title + _LATER if is_later else title for title, is_later in zip(news.titles, later, strict=True))
    return replace(news, titles=tuple(titles))


def _finding(decisions: NewsDecisions, place: int, moment: np.datetime64) -> LeakFinding:
    decision = decisions[place]
    time = np.datetime_as_string(decision.time, unit="m").replace("T", " ")
    return LeakFinding(
        column="decisions",
        kind=LeakKind.LATER_BARS,
        text=f"the decision of {time} changes with the news or the prices from "
        f"{np.datetime_as_string(moment, unit='D')} on",
        bar=decision.row,
        time=decision.time,
        instrument=decision.instrument,
    )
