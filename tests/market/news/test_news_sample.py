"""The committed sample of news and prices is what its program makes, and its words decide the next day's prices."""

import runpy
from pathlib import Path

import numpy as np

from fxai.market.news.planted_news import planted_signal
from fxai.market.news.prepared_decisions import prepare_decisions
from fxai.spec.reading.find_spec import config_directory, find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.search.signal_config import signal_config

SAMPLE = config_directory() / "optuna" / "news_sample"
PROGRAM = Path(__file__).parents[3] / "examples" / "llm_signal" / "make_news.py"


def test_the_sample_is_what_its_program_makes(tmp_path: Path) -> None:
    runpy.run_path(str(PROGRAM))["make_news"](tmp_path)
    for name in ("news.csv", "prices.csv"):
        assert (tmp_path / name).read_text() == (SAMPLE / name).read_text()


def test_words_of_the_sample_decide_the_next_days_prices() -> None:
    (study,) = load_spec(find_spec("llm_signal")).studies
    config = signal_config(study.training_config.model_dump())
    prepared = prepare_decisions(config.data, config.news, config.decisions)
    assert len(prepared.market.names) == 8
    for span in (prepared.splits.train, prepared.splits.validation, prepared.splits.test):
        decisions = prepared.decisions.within(span)
        signals = np.array([planted_signal(each.titles) for each in decisions])
        returns = decisions.cut_returns(1, span)
        assert len(span) > 50, "the verdict needs so many bars"
        assert returns[signals > 0].mean() > 0.008
        assert returns[signals < 0].mean() < -0.008
        assert 0.9 < (np.sign(returns) == signals).mean() < 0.99, "there is noise"
