"""Track records of signals."""

import numpy as np
import pytest

from fxai.market.news.basket_track import basket_track_record
from fxai.market.news.decisions import decisions_of
from fxai.market.news.news_market import match_news
from fxai.market.news.planted_news import planted_news, planted_signal
from fxai.market.news.signal_scores import ScoringRules
from fxai.market.scores.track_record import TrackRecord
from fxai.market.splits.splits import Span
from fxai.spec.fields.basket_config import BasketConfig
from fxai.spec.fields.decision_config import DecisionConfig

SPAN = Span(10, 60)
RULES = ScoringRules(BasketConfig(size=2, hold=2), lookahead=1, signal_strength=1)


def test_equity_ends_at_the_total_return_and_the_baselines_hold_all_instruments() -> None:
    planted = planted_news(1, days=70)
    decisions = decisions_of(match_news(planted.bars, planted.news), DecisionConfig()).within(SPAN)
    signals = np.array([planted_signal(decision.titles) for decision in decisions], np.float64)
    record = basket_track_record(decisions, signals, SPAN, RULES, split="test", made_of={"seed": 1})
    assert len(record) == len(SPAN) - 1
    assert record.equity[-1] == pytest.approx(1 + record.metrics["total_return"])
    assert record.drawdown.max() == pytest.approx(record.metrics["max_drawdown"])
    assert record.times[0] == np.datetime_as_string(planted.bars["AAA"].time[11], unit="s") + "Z"
    opens, closes = (
        np.stack([getattr(bars, field)[11:60] for bars in planted.bars.values()]) for field in ("open", "close")
    )
    held = (closes[:, -1] / opens[:, 0]).mean()
    assert record.close[-1] == pytest.approx(held, rel=0.02)  # with the capital renewed on each date
    assert record.baselines["buy_and_hold"][-1] < record.close[-1]
    again = TrackRecord.from_json(record.as_json())
    np.testing.assert_allclose(again.equity, record.equity)


def test_the_instruments_have_the_weights_and_the_trades_of_the_portfolio() -> None:
    planted = planted_news(1, days=70)
    decisions = decisions_of(match_news(planted.bars, planted.news), DecisionConfig()).within(SPAN)
    signals = np.array([planted_signal(decision.titles) for decision in decisions], np.float64)
    record = basket_track_record(decisions, signals, SPAN, RULES, split="test")
    assert [*record.instruments] == ["AAA", "BBB", "CCC", "DDD"]
    weights = np.array([each.weight for each in record.instruments.values()])
    np.testing.assert_allclose(weights.sum(axis=0), record.position, atol=1e-12)
    np.testing.assert_allclose(np.abs(weights).sum(axis=0), record.exposure, atol=1e-12)
    assert (record.exposure > np.abs(record.position) + 0.1).any()  # long and short at once
    assert sum(each.metrics["trades"] for each in record.instruments.values()) == record.metrics["trades"]
    again = TrackRecord.from_json(record.as_json()).instruments["BBB"]
    np.testing.assert_allclose(again.weight, record.instruments["BBB"].weight, atol=1e-9)
    assert again.metrics == record.instruments["BBB"].metrics
