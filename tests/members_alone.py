"""Compares what a committee's members earn side by side with what each of them earns alone."""

import numpy as np

from fxai.market.bars import Bars
from fxai.market.markets.dataset import prepare_bars
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.committee_steps import committee_steps
from fxai.rl.agents.evaluation_window import EvaluationWindow
from fxai.rl.agents.trajectory import trajectory_of


def check_members(committee: Committee, bars: Bars) -> None:
    """Check the steps of a committee, whose members earn different returns, on the test split of the bars."""

    def window(agent: Agent) -> EvaluationWindow:
        data = prepare_bars(bars, agent.config.data, agent.standardizer)
        return EvaluationWindow(data, data.splits.test, "test", None, is_training_data=True)

    returns, path = committee_steps(committee, window(committee), window)
    assert len({row.tobytes() for row in returns.members}) == len(committee.members)
    for member, earned in zip(committee.members, returns.members, strict=True):
        own = window(member)
        alone = trajectory_of(member, own.market, own.span)
        assert np.array_equal(earned, alone.steps["step_return"])
    own = window(committee)
    together = trajectory_of(committee, own.market, own.span)
    assert np.array_equal(returns.committee, together.steps["step_return"])
    assert np.array_equal(path.held, together.steps["position"])
