"""`fxai evaluate --costs`: the scores at multiples of the costs of a fill."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cli.conftest import Finished, Fxai
from fxai.rl.agents.agent_file import load_agent
from fxai.rl.agents.cost_multiples import metrics_at_costs
from fxai.rl.agents.evaluation_window import evaluation_window

SmallRun = tuple[Path, Finished]


@pytest.fixture
def agent(small_run: SmallRun, folder: Path) -> Path:
    copied = folder / "agent.safetensors"
    shutil.copy(small_run[0] / "optuna_results" / "small" / "best_agent.safetensors", copied)
    return copied


def test_it_shows_the_scores_at_each_multiple(fxai: Fxai, agent: Path) -> None:
    done = fxai("evaluate", str(agent), "--costs", "0,1,4", "--json")
    assert done.code == 0, done
    document = json.loads(done.out)
    rows = document["costs"]
    assert [row["costs"] for row in rows] == [0, 1, 4]
    assert rows[1]["metrics"]["total_return"] == document["metrics"]["total_return"]
    returns = [row["metrics"]["total_return"] for row in rows]
    assert rows[0]["metrics"]["trades"] > 0
    assert returns[0] > returns[1] > returns[2]
    shown = fxai("evaluate", str(agent), "--costs", "4")
    assert "4 times" in shown.out
    assert shown.out.index("4 times") < shown.out.index("Files:")


def test_the_spread_of_the_data_is_multiplied(agent: Path) -> None:
    """Twice the spread of the data costs what the data with twice the spread do."""
    loaded = load_agent(agent)
    window = evaluation_window(loaded)
    market = replace(window.market, spread=np.full(len(window.market), 0.0002))
    free = replace(loaded, scoring_env=loaded.base_env.model_copy(update={"slippage_rate": 0, "commission_rate": 0}))
    dear = replace(market, spread=np.full(len(market), 0.0004))
    twice, once = metrics_at_costs(free, market, window.span, 2.0), metrics_at_costs(free, dear, window.span, 1.0)
    assert twice == once
    assert twice != metrics_at_costs(free, market, window.span, 1.0)


@pytest.mark.parametrize(
    ("costs", "words"),
    [
        ("1,much", "--costs: must be numbers that are 0 or above, such as 0.5,1,2,4, not '1,much'"),
        ("-1", "--costs: must be numbers that are 0 or above"),
        ("nan", "--costs: must be numbers that are 0 or above"),
        ("1000000", "times of it is not below"),
    ],
)
def test_what_is_no_multiple_is_one_message(fxai: Fxai, agent: Path, costs: str, words: str) -> None:
    refused = fxai("evaluate", str(agent), "--costs", costs)
    assert refused.code == 2, refused
    assert words in refused.err
    assert refused.err.count("\n") == 1
