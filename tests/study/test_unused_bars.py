"""Bars of other data that the search used, or of another length, are refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from fxai.errors import DataError
from fxai.market.markets.dataset import prepare, prepare_unsplit
from fxai.market.reading.read_bars import load_bars
from fxai.rl.agents.agent import Agent
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.study.unused_bars import check_unused_bars

BARS = 1500  # 60 % train, 20 % validation, 20 % test
BEFORE_TEST = 1200


def write(path: Path, first: int, stop: int, step: int = 1, scale: float = 1.0) -> str:
    bars = load_bars(DataConfig())
    chosen = slice(first, stop, step)
    prices = {name: scale * getattr(bars, name)[chosen] for name in ("open", "high", "low", "close")}
    pd.DataFrame({"time": bars.time[chosen], **prices}).to_csv(path, index=False)
    return str(path)


@pytest.fixture
def agent(tmp_path: Path) -> Agent:
    config = TrainingConfig(data=DataConfig(source=write(tmp_path / "trained.csv", 0, BARS)))
    market = prepare(config.data)
    return Agent(config, 0, market.standardizer, market.content_hash, np.zeros((1, 1), np.float32), config.env)


def check(agent: Agent, source: str) -> None:
    config = agent.config.data.model_copy(update={"source": source})
    check_unused_bars(agent, prepare_unsplit(load_bars(config), config, agent.standardizer)[0])


@pytest.mark.parametrize(
    ("first", "scale"), [(BARS, 1.0), (BEFORE_TEST, 1.0), (0, 40_000.0)], ids=["later", "test", "other"]
)
def test_bars_that_the_search_did_not_use_are_accepted(first: int, scale: float, agent: Agent, tmp_path: Path) -> None:
    check(agent, write(tmp_path / "more.csv", first, first + 600, scale=scale))


def test_bars_that_the_search_used_are_refused(agent: Agent, tmp_path: Path) -> None:
    source = write(tmp_path / "more.csv", BEFORE_TEST - 10, BARS + 600)
    last = np.datetime_as_string(load_bars(agent.config.data).time[BEFORE_TEST - 1], unit="m", timezone="UTC")
    with pytest.raises(DataError, match=rf"more.csv has 10 bars that the search used, from .* to {last}"):
        check(agent, source)


def test_bars_of_another_length_are_refused(agent: Agent, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has bars of 4 h, and the agents were trained on bars of 1 h"):
        check(agent, write(tmp_path / "more.csv", BARS, BARS + 2400, step=4))


def test_training_data_that_changed_are_not_compared(agent: Agent, tmp_path: Path) -> None:
    write(tmp_path / "trained.csv", 0, BARS - 1)
    check(agent, write(tmp_path / "more.csv", 0, 600))
    (tmp_path / "trained.csv").unlink()
    check(agent, write(tmp_path / "more.csv", 0, 600))
