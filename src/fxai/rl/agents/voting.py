"""The vote of an ensemble's members, as a policy.

Each member votes for the action that it takes alone. The action with the most votes wins, each vote counted with the
weight of its member. Among actions with equally many votes the rule `ensemble.ties` decides:

- `preferences`: the action with the largest sum of the members' standardized preferences, each counted with the weight
  of its member. The preferences of a member are standardized over the actions: logits and action values have other
  scales. If these sums are equal too, the action nearest to flat.
- `flat`: the action nearest to flat.

With `env.actions: increment`, the action nearest to flat is the one nearest to holding. Of two actions that are equally
near, the first wins. Votes and sums that differ by less than 1e-6 are equal.

The weights of a weighted vote are exp(z) / sum(exp(z)), where z is the mean reward of each member on the validation
split in the scoring environment, standardized over the members (0 for all if they are equal). They are positive and
their sum is 1. In a vote by majority all are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from fxai.rl.agents.agent import Agent, Voter
from fxai.rl.agents.committee_policy import CommitteePolicy
from fxai.rl.agents.joint_observation import columns_of
from fxai.rl.lanes.ordered_mean import ordered_mean, ordered_sum
from fxai.rl.scores.scoring_env import lowest_action
from fxai.spec.fields.ensemble_config import Ties
from fxai.spec.fields.env_config import STEPS, EnvConfig
from fxai.spec.fields.training_config import TrainingConfig

WEIGHING_METRIC = "mean_reward"
_EQUAL = 1e-6
_OF_WINNER = 1e-3  # added to the votes of the action that wins, so that it is the only one with the most


@dataclass(frozen=True, slots=True)
class Ballot:
    """The rules of a vote."""

    ties: Ties
    ranks: tuple[int, ...]  # of each action by its distance to flat, or to holding; the nearest has 0
    lowest_action: int = 0  # lower actions are replaced by it, because the agent may not be short

    @classmethod
    def of(cls, ties: Ties, positions: Sequence[float], lowest_action: int) -> "Ballot":
        """The ballot on actions with these positions or increments."""
        nearest = sorted(range(len(positions)), key=lambda action: (abs(positions[action]), action))
        return cls(ties, tuple(nearest.index(action) for action in range(len(positions))), lowest_action)


@dataclass(frozen=True, slots=True)
class VotingPolicy:
    """The policy of an ensemble.

    Its weights are those of the members, part after part, then the weight of each member's vote.
    """

    parts: tuple[CommitteePolicy, ...]  # the members of each kind
    ballot: Ballot

    @property
    def members(self) -> int:
        """Number of members."""
        return sum(len(part.columns) for part in self.parts)

    @property
    def size(self) -> int:
        return sum(part.size for part in self.parts) + self.members

    def preferences(self, weights: Tensor, observation: Tensor) -> Tensor:
        """Share of the votes of each action, [lane, action, sample]; the action that wins has slightly more.

        An ensemble of one returns the preferences of its member.
        """
        *of_parts, of_votes = weights.split([*(part.size for part in self.parts), self.members], dim=1)
        of_members = torch.cat(
            [part.of_members(own, observation) for part, own in zip(self.parts, of_parts, strict=True)], dim=1
        )
        return of_members[:, 0] if self.members == 1 else votes(of_members, of_votes, self.ballot)


def voting_policy(shared: Agent, voters: Sequence[Voter]) -> VotingPolicy:
    """The policy of a vote.

    Args:
        shared: The agent that votes: its positions and the rule for ties.
        voters: The members, those of one kind one after the other.
    """
    columns = columns_of([each.agent.standardizer for each in voters])
    parts = []
    for kind in dict.fromkeys(each.kind for each in voters):
        places = [place for place, each in enumerate(voters) if each.kind == kind]
        policy = voters[places[0]].agent.policy
        parts.append(CommitteePolicy(policy, tuple(columns[place] for place in places), "values"))
    return VotingPolicy(tuple(parts), ballot_of(shared.config, shared.base_env))


def ballot_of(config: TrainingConfig, base: EnvConfig) -> Ballot:
    """The rules of the vote of a configuration's ensembles; `base` is the environment that scores them."""
    own = config.env
    actions = STEPS if own.actions == "increment" else own.target_positions
    return Ballot.of(config.ensemble.ties, actions, lowest_action(own, base))


def votes(preferences: Tensor, weights: Tensor, ballot: Ballot) -> Tensor:
    """Share of the votes of each action, [lane, action, sample], with an addition for the action that wins.

    Args:
        preferences: Of the members, [lane, member, action, sample].
        weights: Of the members' votes, [lane, member]; their sum is 1.
        ballot: The rules.
    """
    actions = torch.arange(preferences.shape[2], device=preferences.device).view(1, -1, 1)
    chosen = preferences.argmax(2).clamp(min=ballot.lowest_action)
    each = weights[:, :, None, None]
    shares = ordered_sum(each * (chosen.unsqueeze(2) == actions).to(weights.dtype))
    tied = shares >= shares.amax(1, keepdim=True) - _EQUAL
    if ballot.ties == "preferences":
        liked = ordered_sum(each * standardized(preferences)).masked_fill(~tied, -torch.inf)
        tied = liked >= liked.amax(1, keepdim=True) - _EQUAL
    ranks = torch.tensor(ballot.ranks, dtype=weights.dtype, device=weights.device).view(1, -1, 1)
    winner = (-ranks).expand_as(shares).masked_fill(~tied, -torch.inf).argmax(1, keepdim=True)
    return shares + _OF_WINNER * (actions == winner).to(weights.dtype)


def standardized(preferences: Tensor) -> Tensor:
    """Preferences [lane, member, action, sample] with mean 0 and standard deviation 1 over the actions, or all 0."""
    by_action = preferences.transpose(1, 2)
    centered = by_action - ordered_mean(by_action).unsqueeze(1)
    deviation = ordered_mean(centered.square()).sqrt().unsqueeze(1)
    return torch.where(deviation > 0, centered / deviation.clamp(min=torch.finfo(centered.dtype).tiny), 0.0).transpose(
        1, 2
    )


def equal_weights(members: int) -> list[float]:
    """The weights of a vote by majority."""
    return [1.0 / members] * members


def weights_by_score(scores: Sequence[float]) -> list[float]:
    """The weights of a weighted vote, for the validation scores of the members; see the module."""
    values = torch.tensor(scores, dtype=torch.float64)
    deviation = values.std(correction=0)
    standard = (values - values.mean()) / deviation if deviation > 0 else torch.zeros_like(values)
    weights: list[float] = standard.softmax(0).tolist()
    return weights
