"""What a committee, and each of its members alone, earns on the bars of a span."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import torch

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.position_baselines import PositionPath
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.evaluation_window import EvaluationWindow
from fxai.rl.agents.trajectory import trajectory_of


def committee_steps(
    committee: Committee, window: EvaluationWindow, window_of: Callable[[Agent], EvaluationWindow]
) -> tuple[CommitteeReturns, PositionPath]:
    """The returns of a committee and of its members, and the committee's positions.

    Args:
        committee: The committee.
        window: The bars, standardized for the committee.
        window_of: The same bars, standardized for a member whose standardizer is not that of the committee.
    """
    with _one_thread():
        together = trajectory_of(committee, window.market, window.span)
        alone = []
        for member in committee.members:
            own = window if member.standardizer == committee.standardizer else window_of(member)
            alone.append(trajectory_of(member, own.market, own.span).steps["step_return"])
    returns = CommitteeReturns(together.steps["step_return"], np.stack(alone))
    return returns, PositionPath(together.bar, together.begins, together.steps["position"])


@contextmanager
def _one_thread() -> Iterator[None]:
    """One thread for torch: a step is too small for several."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
