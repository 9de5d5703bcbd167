"""The verdict on a winner's and a default's committee."""

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fxai.errors import InputError
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.position_baselines import PositionBaselines, RandomTrading, StrategyFigures
from fxai.evaluation.verdict import Verdict, VerdictSettings, verdict
from fxai.evaluation.verdict_word import VerdictWord, noun

BARS_PER_YEAR = 6000.0


def committee(mean: float, *, seed: int, bars: int = 1000, seeds: int = 8) -> CommitteeReturns:
    """Returns of independent committees around a mean."""
    draws = np.random.default_rng(seed)
    members = mean + 0.001 * draws.normal(size=bars) + 0.0005 * draws.normal(size=(seeds, bars))
    return CommitteeReturns(members.mean(axis=0), members)


def judge(winner: CommitteeReturns, default: CommitteeReturns | None, **thresholds: Any) -> Verdict:
    return verdict(winner, default, VerdictSettings(**thresholds), bars_per_year=BARS_PER_YEAR)


FLAT = StrategyFigures(0.0, 0.0, None)
BASELINES = PositionBaselines(FLAT, FLAT, None, 0, FLAT, RandomTrading(10, 0.0, -0.1, 0.1, 1 / 11), 2.5, None)


@pytest.mark.parametrize(
    ("winner", "default", "word"),
    [
        (0.001, 0.0, VerdictWord.BETTER),
        (0.001, 0.00098, VerdictWord.LUCK),
        (0.001, 0.003, VerdictWord.WORSE),
        (-0.001, -0.003, VerdictWord.WORSE),
    ],
)
def test_the_word_follows_the_returns(winner: float, default: float, word: VerdictWord) -> None:
    found = judge(committee(winner, seed=0), committee(default, seed=1))
    assert found.word is word
    assert found.to_flat.value == pytest.approx(winner, abs=2e-4)
    assert found.to_default is not None
    assert found.to_default.value == pytest.approx(winner - default, abs=3e-4)
    assert not found.missing


def test_a_winner_that_is_the_default_is_no_better_than_the_default() -> None:
    agent = committee(0.001, seed=0)
    assert judge(agent, agent).word is VerdictWord.NOT_ABOVE_DEFAULT


def test_an_agent_that_never_trades_beside_a_default_that_earns() -> None:
    flat = CommitteeReturns(np.zeros(1000), np.zeros((8, 1000)))
    found = judge(flat, committee(0.003, seed=0))
    assert found.word is VerdictWord.NOT_ABOVE_FLAT
    assert found.never_trades
    assert noun(found.word) == "best trial"
    assert found.change is None
    assert found.agent.sharpe.value is None
    assert [each.figures for each in found.missing] == ["Sharpe ratio of the best trial"]


@given(seed=st.integers(0, 1000), scale=st.floats(0.01, 100), edge=st.floats(-0.0002, 0.0002))
@settings(max_examples=30)
def test_the_word_does_not_depend_on_the_size_of_positions(seed: int, scale: float, edge: float) -> None:
    """Returns of all agents that are larger by one factor have the same word and the same figures of bars."""
    agents = committee(edge, seed=seed, seeds=4), committee(0.0, seed=seed + 1, seeds=4)
    larger = [CommitteeReturns(scale * agent.committee, scale * agent.members) for agent in agents]
    found, scaled = judge(*agents), judge(*larger)
    assert scaled.word is found.word
    assert scaled.to_flat.lower == pytest.approx(scale * (found.to_flat.lower or 0.0))
    if found.change is None:
        assert scaled.change is None
    else:
        assert scaled.change is not None
        assert scaled.change.to is found.change.to
        assert scaled.change.bars == pytest.approx(found.change.bars, abs=1, rel=1e-6)


@given(seed=st.integers(0, 1000), shift=st.floats(0, 0.01))
@settings(max_examples=30)
def test_a_winner_that_earns_more_has_no_worse_a_word(seed: int, shift: float) -> None:
    """A constant added to each return moves the means and leaves all errors."""
    winner, default = committee(0.0, seed=seed, seeds=4), committee(0.0, seed=seed + 1, seeds=4)
    better = CommitteeReturns(winner.committee + shift, winner.members + shift)
    order = [
        VerdictWord.WORSE,
        VerdictWord.NOT_ABOVE_FLAT,
        VerdictWord.NOT_ABOVE_DEFAULT,
        VerdictWord.LUCK,
        VerdictWord.BETTER,
    ]
    assert order.index(judge(better, default).word) >= order.index(judge(winner, default).word)


def test_each_further_look_widens_the_bounds() -> None:
    winner, default = committee(0.001, seed=0), committee(0.0, seed=1)
    first, tenth = judge(winner, default), judge(winner, default, looks=10)
    assert tenth.settings.confidence_of_look == pytest.approx(0.995)
    assert (tenth.to_flat.lower or 0) < (first.to_flat.lower or 0)
    assert (tenth.agent.sharpe.lower or 0) < (first.agent.sharpe.lower or 0)


@pytest.mark.parametrize(
    ("bars", "seeds", "missing"),
    [
        (40, 8, ["bounds of all figures"]),
        (1000, 1, ["bounds of the best trial's figures", "bounds of the default's figures"]),
    ],
)
def test_too_few_bars_or_seeds_have_no_bounds_and_no_better_word(bars: int, seeds: int, missing: list[str]) -> None:
    winner = committee(0.01, seed=0, bars=bars, seeds=seeds)
    found = judge(winner, committee(0.0, seed=1, bars=bars, seeds=seeds))
    assert found.word is VerdictWord.LUCK
    assert found.to_flat.lower is None
    assert found.to_default is not None
    assert found.to_default.lower is None
    assert found.agent.sharpe.value is not None
    assert found.agent.sharpe.lower is None
    assert [each.figures for each in found.missing] == missing


def test_without_a_default_the_difference_is_missing() -> None:
    found = judge(committee(0.001, seed=0), None)
    assert found.word is VerdictWord.LUCK
    assert found.to_default is found.default is found.probability_of_improvement is None
    assert [each.figures for each in found.missing] == ["difference to the default"]


def test_a_default_with_other_bars_is_refused() -> None:
    with pytest.raises(InputError, match="1000 bars, the default's 999"):
        judge(committee(0.0, seed=0), committee(0.0, seed=0, bars=999))


@pytest.mark.parametrize("default", [None, committee(0.0, seed=1)])
@pytest.mark.parametrize("baselines", [None, BASELINES])
def test_a_verdict_is_the_same_after_json(
    default: CommitteeReturns | None, baselines: PositionBaselines | None
) -> None:
    winner = committee(0.001, seed=0)
    found = verdict(winner, default, VerdictSettings(looks=2), bars_per_year=6000, baselines=baselines)
    text = json.dumps(found.as_json(), allow_nan=False)
    assert Verdict.from_json(json.loads(text)) == found


def document() -> dict[str, Any]:
    agent = committee(0.001, seed=0)
    found: dict[str, Any] = json.loads(json.dumps(judge(agent, agent).as_json()))
    return found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "fxai verdict 0"}, "its format is 'fxai verdict 0'"),
        ({"word": "great"}, "cannot be read: word"),
        ({"settings": {"confidence": 2.0, "looks": 1}}, "cannot be read: settings.confidence"),
        ({"bars": "many"}, "cannot be read: bars"),
        ({"further": 1}, "cannot be read: further"),
        ({"to_default": {"value": 1.0}}, "cannot be read: to_default.bars"),
        ({"bars_per_year": float("nan")}, "cannot be read: bars_per_year"),
    ],
)
def test_another_document_is_refused_with_its_first_fault(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        Verdict.from_json(document() | change)


def test_an_incomplete_document_is_refused() -> None:
    incomplete = document()
    del incomplete["to_flat"]
    with pytest.raises(InputError, match="cannot be read: to_flat"):
        Verdict.from_json(incomplete)
