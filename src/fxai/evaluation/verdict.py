"""The verdict: a statistical test of a search's winner on bars that the search did not use.

The winner's committee is compared with doing nothing and with an equal committee of the default configuration, on the
same bars and after costs. The bounds of the mean returns decide the word; the other figures describe.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt, Lt
from pydantic import ConfigDict, FiniteFloat, JsonValue

from fxai.errors import InputError
from fxai.evaluation.agent_figures import AgentFigures, agent_figures
from fxai.evaluation.committee_returns import CommitteeReturns
from fxai.evaluation.json_record import record_of_json
from fxai.evaluation.mean_difference import FEWEST_SEEDS, MeanDifference, mean_difference
from fxai.evaluation.position_baselines import PositionBaselines
from fxai.evaluation.seed_statistics import probability_of_improvement
from fxai.evaluation.verdict_rule import WordChange, decided_word, word_change
from fxai.evaluation.verdict_word import VerdictWord
from fxai.evaluation.whole_error import MINIMUM_BARS, estimate, estimate_difference

FORMAT = "fxai verdict 1"
_STRICT = ConfigDict(extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class VerdictSettings:
    """The thresholds of a verdict, which are recorded before the first look at the bars."""

    __pydantic_config__ = _STRICT

    confidence: Annotated[FiniteFloat, Gt(0.5), Lt(1)] = 0.95  # of each one-sided bound with one look
    looks: Annotated[int, Ge(1)] = 1  # at these bars, this one included

    @property
    def confidence_of_look(self) -> float:
        """The confidence of each bound: the probability of an error is divided by the number of looks."""
        return 1.0 - (1.0 - self.confidence) / self.looks


@dataclass(frozen=True, slots=True)
class MissingFigure:
    """Figures that cannot be given."""

    __pydantic_config__ = _STRICT

    figures: str
    reason: str

    @property
    def sentence(self) -> str:
        """The sentence on the figures for people."""
        return f"Not available: {self.figures}; {self.reason}."


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, the figures that decided it, and the figures that describe the best trial's committee."""

    __pydantic_config__ = _STRICT

    word: VerdictWord
    settings: VerdictSettings
    bars: int
    bars_per_year: FiniteFloat
    never_trades: bool  # the best trial's committee
    to_flat: MeanDifference  # the mean return per bar, as doing nothing returns 0
    to_default: MeanDifference | None
    change: WordChange | None
    agent: AgentFigures  # of the best trial
    default: AgentFigures | None
    probability_of_improvement: FiniteFloat | None  # a member has a higher mean return than one of the default
    missing: tuple[MissingFigure, ...]
    baselines: PositionBaselines | None  # None if they were not computed

    def as_json(self) -> dict[str, JsonValue]:
        """Plain data for `from_json`."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Verdict":
        """Inverse of `as_json`, also after a round trip through JSON.

        Raises:
            InputError: If the document is not a complete verdict of this version.
        """
        if document.get("format") != FORMAT:
            raise InputError(f"this is not a verdict of this version of FxAI; its format is {document.get('format')!r}")
        own = {name: value for name, value in document.items() if name != "format"}
        return record_of_json(cls, own, "verdict")


def verdict(
    winner: CommitteeReturns,
    default: CommitteeReturns | None,
    settings: VerdictSettings,
    *,
    bars_per_year: float,
    baselines: PositionBaselines | None = None,
) -> Verdict:
    """Test the winner on the bars of one span.

    Args:
        winner: The winner's committee.
        default: The default's committee on the same bars; None if it could not be trained. If the winner is the default
            itself, the same returns as `winner`.
        settings: The thresholds.
        bars_per_year: For annualized figures.
        baselines: The baselines of the winner's committee.

    Raises:
        InputError: If the two have different numbers of bars.
    """
    if default is not None and default.bars != winner.bars:
        raise InputError(f"the best trial's returns have {winner.bars} bars, the default's {default.bars}")
    confidence = settings.confidence_of_look
    to_flat = _to_flat(winner, confidence)
    to_default = None if default is None else _to_default(winner, default, confidence)
    word = decided_word(to_flat, to_default, is_flat=winner.is_flat)
    return Verdict(
        word=word,
        settings=settings,
        bars=winner.bars,
        bars_per_year=bars_per_year,
        never_trades=winner.is_flat,
        to_flat=to_flat,
        to_default=to_default,
        change=None if winner.is_flat else word_change(word, to_flat, to_default, confidence),
        agent=agent_figures(winner, bars_per_year, confidence),
        default=None if default is None else agent_figures(default, bars_per_year, confidence),
        probability_of_improvement=None if default is None else _improvement(winner, default),
        missing=tuple(_missing(winner, default)),
        baselines=baselines,
    )


def _to_flat(winner: CommitteeReturns, confidence: float) -> MeanDifference:
    found = estimate(winner.around_committee())
    return mean_difference(found, bars=winner.bars, seeds=winner.seeds, confidence=confidence)


def _to_default(winner: CommitteeReturns, default: CommitteeReturns, confidence: float) -> MeanDifference:
    found = estimate_difference(winner.around_committee(), default.around_committee())
    return mean_difference(found, bars=winner.bars, seeds=min(winner.seeds, default.seeds), confidence=confidence)


def _improvement(winner: CommitteeReturns, default: CommitteeReturns) -> float:
    means = [agent.members.mean(axis=1).tolist() for agent in (winner, default)]
    return probability_of_improvement(*means)


def _missing(winner: CommitteeReturns, default: CommitteeReturns | None) -> list[MissingFigure]:
    found = []
    if winner.bars < MINIMUM_BARS:
        reason = f"they need at least {MINIMUM_BARS} bars; the test split has {winner.bars}"
        found.append(MissingFigure("bounds of all figures", reason))
    for name, agent in (("best trial", winner), ("default", default)):
        if agent is not None and agent.seeds < FEWEST_SEEDS:
            reason = f"they need at least {FEWEST_SEEDS} seeds; the {name} has {agent.seeds}"
            found.append(MissingFigure(f"bounds of the {name}'s figures", reason))
        if agent is not None and agent.sharpe_around_committee(1.0) is None:
            found.append(MissingFigure(f"Sharpe ratio of the {name}", "its returns do not vary"))
    if default is None:
        found.append(MissingFigure("difference to the default", "there are no agents of the default configuration"))
    return found
