"""Training of ensembles of one configuration: the members of one kind as lanes, the kinds in turn.

A row is one ensemble: a seed, in a fold if there are folds. Its members are lanes of the packs of their kinds. All rows
and members have done the same number of updates.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from fxai.market.markets.instruments import MarketSet
from fxai.market.rules.compiled import Array
from fxai.rl.agents.committee_policy import CommitteePolicy
from fxai.rl.agents.scoring import Scorer
from fxai.rl.agents.tensor_training import market_on_device
from fxai.rl.agents.trained_ensemble import member_seed
from fxai.rl.agents.training_bars import scored_span
from fxai.rl.agents.voting import WEIGHING_METRIC, Ballot, VotingPolicy, ballot_of, equal_weights, weights_by_score
from fxai.rl.algorithms.build import build_policy
from fxai.rl.environment.account_features import observation_shape
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack, signature
from fxai.rl.training.lane_pack import Lane, LanePack
from fxai.rl.training.training import LaneEvaluation, Training
from fxai.spec.fields.ensemble_members import EnsembleMember, ensemble_members
from fxai.spec.fields.env_config import EnvConfig

_SPEED = "steps_per_second"


@dataclass(frozen=True, slots=True, eq=False)
class _Group:
    """Members of one signature, of all rows."""

    name: str  # of its first member; begins the names of its arrays
    places: tuple[int, ...]  # of its members
    lanes: tuple[Lane, ...]  # of the first row, then of the next one
    pack: LanePack


class EnsembleLanes:
    """The lanes of ensembles of one configuration; see `TrainedLanes`. A lane is a row."""

    def __init__(
        self,
        rows: Sequence[Lane],
        base: EnvConfig,
        make_training: Callable[[Pack], Training],
        markets: MarketSet,
        table: MarketTable,
        *,
        device: str,
    ) -> None:
        """Prepare the lanes of the members, with the states of the rows.

        Args:
            rows: The ensembles, of one configuration.
            base: Environment that scores.
            make_training: Builds the training of members of one signature.
            markets: The markets.
            table: Their `market_table`.
            device: "cpu" or "cuda:N", on which numbers may depend on the number of lanes.
        """
        self.rows = tuple(rows)
        config = self.rows[0].config
        self._members = ensemble_members(config)
        self._groups = _groups(self.rows, self._members, make_training, device != "cpu")
        folds = tuple(row.fold for row in self.rows if row.fold is not None)
        pack = Pack(tuple(row.config for row in self.rows), tuple(row.seed for row in self.rows), folds)
        self._score = Scorer(market_on_device(table, device), scored_span(pack, base, markets))
        shape = observation_shape(table.features.shape[1], [config.env])
        self._policy = _policy(self._members, ballot_of(config, base), shape)
        self._votes = np.array([equal_weights(len(self._members))] * len(self.rows), np.float32)
        for group in self._groups:
            group.pack.set_lanes(group.lanes)

    @property
    def lanes(self) -> int:
        """Number of trainings."""
        return len(self.rows) * len(self._members)

    def update(self) -> None:
        """One update of every member."""
        for group in self._groups:
            group.pack.update()

    def evaluate(self, rows: Sequence[Lane]) -> list[LaneEvaluation]:
        """Score of each of the given ensembles, with the metrics of its members, after the last update."""
        of_members = self._member_evaluations()
        if self.rows[0].config.ensemble.vote == "weighted":
            scores = [[each.metrics[WEIGHING_METRIC] for each in of_row] for of_row in of_members]
            self._votes = np.array([weights_by_score(of_row) for of_row in scores], np.float32)
        chosen = [self.rows.index(row) for row in rows]
        weights = self._weights()
        scored = self._score(self._policy, torch.from_numpy(weights), chosen)
        names = [member.name for member in self._members]
        return [
            LaneEvaluation(
                {
                    **(score.metrics if np.isfinite(weights[row]).all() else dict.fromkeys(score.metrics, math.nan)),
                    _SPEED: sum(each.metrics[_SPEED] for each in of_members[row]),
                },
                score,
                {name: each.metrics for name, each in zip(names, of_members[row], strict=True)},
            )
            for row, score in zip(chosen, scored, strict=True)
        ]

    def stacked_states(self, rows: Sequence[Lane]) -> dict[str, Array]:
        """States of the given ensembles for checkpoints, each array [row, ...].

        `weights` are those of the policy with the votes of the last evaluation, and `clock` is the number of updates.
        The arrays of a group of members have the name of its first member, and one entry for each member.
        """
        chosen = [self.rows.index(row) for row in rows]
        state = {"weights": self._weights()[chosen]}
        for group in self._groups:
            of_group = group.pack.stacked_states(group.lanes)
            by_row = {name: self._by_row(array)[chosen] for name, array in of_group.items()}
            state |= {f"{group.name}.{name}": array for name, array in by_row.items()}
            state["clock"] = by_row["clock"][:, 0]
        return state

    def clear(self) -> None:
        """Remove all lanes and free their memory."""
        for group in self._groups:
            group.pack.set_lanes(())

    def _by_row(self, array: Array) -> Array:
        return array.reshape(len(self.rows), len(array) // len(self.rows), *array.shape[1:])

    def _weights(self) -> Array:
        """[row, size]: weights of the policy."""
        of_members: dict[int, Array] = {}
        for group in self._groups:
            by_row = self._by_row(group.pack.weights(group.lanes))
            of_members |= {place: by_row[:, index] for index, place in enumerate(group.places)}
        ordered = [of_members[place] for place in range(len(self._members))]
        return np.concatenate([*ordered, self._votes], axis=1)

    def _member_evaluations(self) -> list[list[LaneEvaluation]]:
        """[row][member]."""
        found: list[list[LaneEvaluation | None]] = [[None] * len(self._members) for _ in self.rows]
        for group in self._groups:
            size = len(group.places)
            for index, evaluation in enumerate(group.pack.evaluate(group.lanes)):
                found[index // size][group.places[index % size]] = evaluation
        return [[each for each in of_row if each is not None] for of_row in found]


def _policy(members: Sequence[EnsembleMember], ballot: Ballot, observation_shape: tuple[int, int]) -> VotingPolicy:
    """The policy of all rows."""
    parts = []
    for kind in dict.fromkeys(member.kind for member in members):
        of_kind = [member.config for member in members if member.kind == kind]
        policy = build_policy(of_kind[0], observation_shape, of_kind[0].env.action_count)
        parts.append(CommitteePolicy(policy, (None,) * len(of_kind), "values"))
    return VotingPolicy(tuple(parts), ballot)


def _groups(
    rows: Sequence[Lane],
    members: Sequence[EnsembleMember],
    make_training: Callable[[Pack], Training],
    is_width_fixed: bool,  # noqa: FBT001
) -> list[_Group]:
    """The members by signature, each with the state of its row."""
    places_of: dict[str, list[int]] = {}
    for place, member in enumerate(members):
        places_of.setdefault(signature(member.config), []).append(place)
    groups = []
    for places in places_of.values():
        name = members[places[0]].name
        lanes = tuple(_lane(row, members[place], name, index) for row in rows for index, place in enumerate(places))
        pack = LanePack(make_training, len(lanes) if is_width_fixed else None)
        groups.append(_Group(name, tuple(places), lanes, pack))
    for row in rows:
        row.state = None
    return groups


def _lane(row: Lane, member: EnsembleMember, group: str, index: int) -> Lane:
    """The lane of a member with its part of the row's state."""
    state = None
    if row.state is not None:
        state = {
            name.removeprefix(f"{group}."): array[index, ...]
            for name, array in row.state.items()
            if name.startswith(f"{group}.")
        }
    return Lane(member.config, member_seed(row.seed, member.repetition), state, row.fold)
