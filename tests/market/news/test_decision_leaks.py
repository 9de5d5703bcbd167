"""Decisions beside later news and prices."""

from collections.abc import Sequence

from fxai.market.leaks.findings import LeakKind
from fxai.market.news.decision_leaks import check_decisions
from fxai.market.news.decisions import NewsDecisions
from fxai.market.news.planted_news import planted_news, planted_signal
from fxai.market.news.prompts import prompts
from fxai.spec.fields.decision_config import DecisionConfig

PLANTED = planted_news(2, instruments=2, days=40)
CONFIG = DecisionConfig(news_bars=2, max_headlines=3)


def test_prompts_and_signals_of_their_titles_do_not_change_with_what_comes_later() -> None:
    def answers(decisions: NewsDecisions) -> Sequence[object]:
        signals = [planted_signal(decision.titles) for decision in decisions]
        return list(zip(prompts(decisions, CONFIG, 10), signals, strict=True))

    assert check_decisions(PLANTED.bars, PLANTED.news, CONFIG, answers) == ()


def test_answers_that_read_the_next_price_or_the_next_headline_are_found() -> None:
    def next_close(decisions: NewsDecisions) -> Sequence[object]:
        bars = decisions.market.bars
        return [bars[place].close[row + 1] for place, row in zip(decisions.instrument, decisions.row, strict=True)]

    def next_headline(decisions: NewsDecisions) -> Sequence[object]:
        titles = decisions.market.news.titles
        return [titles[min(stop, len(titles) - 1)] for stop in decisions.stop.tolist()]

    for answers in (next_close, next_headline):
        findings = check_decisions(PLANTED.bars, PLANTED.news, CONFIG, answers)
        assert {finding.kind for finding in findings} == {LeakKind.LATER_BARS}
        assert all(finding.is_error and finding.instrument in PLANTED.bars for finding in findings)
