"""The vote of an ensemble's members, against a plain rule."""

import math
from collections.abc import Sequence
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fxai.rl.agents.voting import Ballot, equal_weights, votes, weights_by_score
from fxai.spec.fields.ensemble_config import Ties

POSITIONS = (-1.0, 0.0, 1.0)
SCALES = st.sampled_from([0.01, 1.0, 300.0])


@st.composite
def preferences(draw: st.DrawFn) -> list[list[float]]:
    """[member][action], of whole numbers on a scale of each member, so that ties occur."""
    members = draw(st.integers(2, 7))
    return [
        [draw(SCALES) * number for number in draw(st.lists(st.integers(-3, 3), min_size=3, max_size=3))]
        for _ in range(members)
    ]


def standardized(row: Sequence[float]) -> list[float]:
    mean = sum(row) / len(row)
    deviation = math.sqrt(sum((each - mean) ** 2 for each in row) / len(row))
    return [(each - mean) / deviation if deviation > 1e-6 * max(map(abs, row)) else 0.0 for each in row]


def winner(rows: Sequence[Sequence[float]], weights: Sequence[float], ties: str, lowest: int) -> int | None:
    """The action by the rule of the module's docstring; None if the sums of preferences nearly tie."""
    shares = [0.0] * len(POSITIONS)
    for row, weight in zip(rows, weights, strict=True):
        shares[max(row.index(max(row)), lowest)] += weight
    tied = [action for action, share in enumerate(shares) if share > max(shares) - 1e-9]
    if ties == "preferences":
        sums = [sum(w * standardized(row)[a] for row, w in zip(rows, weights, strict=True)) for a in range(3)]
        best = max(sums[action] for action in tied)
        if any(1e-9 < best - sums[action] < 1e-4 for action in tied):
            return None
        tied = [action for action in tied if best - sums[action] <= 1e-9]
    return min(tied, key=lambda action: (abs(POSITIONS[action]), action))


@given(rows=preferences(), ties=st.sampled_from(["preferences", "flat"]), lowest=st.sampled_from([0, 1]))
def test_a_majority_is_that_of_the_plain_rule(rows: list[list[float]], ties: Ties, lowest: int) -> None:
    weights = equal_weights(len(rows))
    expected = winner(rows, weights, ties, lowest)
    found = votes(torch.tensor([rows])[..., None], torch.tensor([weights]), Ballot.of(ties, POSITIONS, lowest))
    assert found.shape == (1, 3, 1)
    if expected is not None:
        assert found[0, :, 0].argmax() == expected
    assert float(found.sum()) == pytest.approx(1.001, abs=1e-4)


@given(rows=preferences(), data=st.data())
def test_a_lane_does_not_depend_on_the_others(rows: list[list[float]], data: st.DataObject) -> None:
    ballot = Ballot.of("preferences", POSITIONS, 0)
    other = [[data.draw(st.floats(-5, 5, width=32)) for _ in row] for row in rows]
    weights = torch.tensor([equal_weights(len(rows)), weights_by_score(list(range(len(rows))))])
    both = votes(torch.tensor([other, rows])[..., None], weights, ballot)
    assert votes(torch.tensor([rows])[..., None], weights[1:], ballot).equal(both[1:])


def test_more_votes_beat_stronger_preferences() -> None:
    rows = [[0.1, 0.0, 0.0], [0.1, 0.0, 0.0], [0.0, 0.0, 900.0]]
    assert winner_of(rows, equal_weights(3)) == 0
    assert winner_of(rows, [0.2, 0.2, 0.6]) == 2


def test_a_tie_is_decided_by_preferences_or_by_the_distance_to_flat() -> None:
    rows = [[1.0, 0.0, 0.9], [0.0, 0.9, 1.0]]
    assert winner_of(rows, equal_weights(2)) == 2
    opposed = [[1.0, 0.0, 0.0], [0.9, 1.0, 0.0]]
    assert winner_of(opposed, equal_weights(2), "preferences") == 0
    assert winner_of(opposed, equal_weights(2), "flat") == 1
    mirrored = [[1.0, 0.0, -1.0], [-1.0, 0.0, 1.0]]
    assert winner_of(mirrored, equal_weights(2)) == 0


def winner_of(rows: list[list[float]], weights: list[float], ties: Ties = "preferences") -> int:
    ballot = Ballot.of(ties, POSITIONS, 0)
    return int(votes(torch.tensor([rows])[..., None], torch.tensor([weights]), ballot)[0, :, 0].argmax())


@given(scores=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=9))
def test_weights_rise_with_the_scores(scores: list[float]) -> None:
    weights = weights_by_score(scores)
    assert sum(weights) == pytest.approx(1.0)
    assert min(weights) > 0
    order = sorted(range(len(scores)), key=scores.__getitem__)
    assert all(weights[a] <= weights[b] * (1 + 1e-9) for a, b in pairwise(order))


def test_weights_are_the_stated_formula() -> None:
    assert weights_by_score([1.0, 1.0]) == [0.5, 0.5]
    low, high = weights_by_score([0.0, 10.0])
    assert high / low == pytest.approx(math.exp(2.0))
