"""What a committee, and each of its members alone, earns on the bars of a span."""

from collections.abc import Callable, Sequence

import numpy as np

from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.position_baselines import PositionPath
from fxai.market.bars import FloatArray
from fxai.market.features.standardizer import Standardizer
from fxai.rl.agents.agent import Agent
from fxai.rl.agents.committee import Committee
from fxai.rl.agents.ensemble import Ensemble
from fxai.rl.agents.evaluation_window import EvaluationWindow
from fxai.rl.agents.trajectory import trajectories_of, trajectory_of


def committee_steps(
    committee: Committee, window: EvaluationWindow, window_of: Callable[[Agent], EvaluationWindow]
) -> tuple[CommitteeReturns, PositionPath]:
    """The returns of a committee and of its members, and the committee's positions.

    Args:
        committee: The committee.
        window: The bars, standardized for the committee.
        window_of: The same bars, standardized for a member whose standardizer is not that of the committee.
    """
    together = trajectory_of(committee, window.market, window.span)
    alone: dict[int, FloatArray] = {}  # the step returns of each member by its place
    for places in _of_one_policy(committee.members):
        members = [committee.members[place] for place in places]
        own = window if members[0].standardizer == committee.standardizer else window_of(members[0])
        found = trajectories_of(members, own.market, own.span)
        alone.update((place, each.steps["step_return"]) for place, each in zip(places, found, strict=True))
    returns = CommitteeReturns(together.steps["step_return"], np.stack([alone[place] for place in range(len(alone))]))
    return returns, PositionPath(together.bar, together.begins, together.steps["position"])


def _of_one_policy(members: Sequence[Agent]) -> list[list[int]]:
    """The places of the members in groups of one policy, which run side by side.

    Members have one configuration. Their policies differ if their standardizers differ, or those of their voters.
    """
    groups: dict[tuple[Standardizer, ...], list[int]] = {}
    for place, member in enumerate(members):
        voters = [each.agent for each in member.voters] if isinstance(member, Ensemble) else []
        groups.setdefault(tuple(each.standardizer for each in (member, *voters)), []).append(place)
    return list(groups.values())
