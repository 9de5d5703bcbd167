"""Decisions from the files of a study."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from fxai.market.news.planted_news import planted_news, write_planted_news
from fxai.market.news.prepared_decisions import PreparedDecisions, prepare_decisions
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.decision_config import DecisionConfig
from fxai.spec.fields.news_config import NewsConfig


def prepared(folder: Path) -> PreparedDecisions:
    write_planted_news(planted_news(1, instruments=3, days=80), folder)
    data = DataConfig(source=str(folder / "prices.csv"), instruments=("BBB", "AAA"))
    return prepare_decisions(data, NewsConfig(file=str(folder / "news.csv")), DecisionConfig(lookahead=2))


def test_a_trial_trains_on_its_latest_dates_with_returns_that_end_in_the_train_split(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    train = found.splits.train
    for lookahead in (1, 5):
        config = DecisionConfig(lookahead=lookahead, max_env_steps=20, max_headlines=1)
        decisions, returns = found.training(config)
        assert len(decisions) == len(returns) > 10
        assert np.isfinite(returns).all()
        assert decisions.date.min() >= train.stop - 20
        assert decisions.row.max() + lookahead < train.stop  # all instruments have a bar on each date
        assert all(len(decision.titles) == 1 for decision in decisions)


def test_lines_say_what_was_left_out_and_what_each_split_has(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    rows, market, *splits = found.lines()
    assert rows == f"News: {found.rows.read} rows read."
    assert market.startswith(f"Headlines on 2 instruments: {found.market.counts.kept} kept, left out: ")
    assert "of instruments without prices (CCC " in market
    assert [line.partition(":")[0] for line in splits] == ["train", "validation", "test"]
    assert f", {len(found.splits.train)} bars, " in splits[0]


def test_the_hash_is_of_prices_and_news(tmp_path: Path) -> None:
    found = prepared(tmp_path)
    assert found.content_hash == prepared(tmp_path / "again").content_hash
    market = found.market
    other = replace(market, news=replace(market.news, content_hash="other"))
    assert replace(found, decisions=replace(found.decisions, market=other)).content_hash != found.content_hash
