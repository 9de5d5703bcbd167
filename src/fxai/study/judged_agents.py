"""The committees of agents of `fx_trading` that a verdict compares."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fxai.evaluation.instrument_figures import instrument_figures
from fxai.study.committees import DEFAULT_TRIAL, Committees
from fxai.study.judged_bars import JudgedBars, judged_bars, searched_bars_per_year
from fxai.study.judged_committees import ComparedCommittees
from fxai.study.unused_bars import check_unused_bars

if TYPE_CHECKING:
    from fxai.rl.agents.committee import Committee


@dataclass(frozen=True, slots=True, eq=False)
class JudgedAgents:
    """See `JudgedCommittees`."""

    bars: JudgedBars  # for the winner
    default: "Committee"
    other_data: str | None  # that are judged in place of the test split

    @property
    def data(self) -> str:
        return self.bars.data

    @property
    def data_hash(self) -> str:
        return self.bars.data_hash

    @property
    def split(self) -> str:
        return self.bars.first.split

    @property
    def uses_test_split(self) -> bool:
        return self.bars.uses_test_split

    @property
    def searched_bars_per_year(self) -> float:
        return searched_bars_per_year(self.bars)

    def compare(self) -> ComparedCommittees:
        found = of_default = self.bars.trade(self.other_data)
        if self.default is not self.bars.committee:
            of_default = judged_bars(self.default, self.other_data).trade(self.other_data)
        return ComparedCommittees(
            winner=found.returns,
            default=of_default.returns,
            dates=found.dates,
            bars_per_year=found.bars_per_year,
            baselines=found.baselines(),
            instruments=() if found.bars is None else instrument_figures(found.of_each, of_default.of_each, found.bars),
        )


def judged_agents(committees: Committees, data: str | None) -> JudgedAgents:
    """The committees on the test split of their training, or on other data: a file or a name.

    Raises:
        FxaiError: An agent or the bars cannot be read, the bars are too few, or the search used them.
    """
    winner = _committee(committees.agents_of(committees.study.winner))
    is_default = committees.study.winner == DEFAULT_TRIAL
    default = winner if is_default else _committee(committees.agents_of(DEFAULT_TRIAL))
    bars = judged_bars(winner, data)
    if data is not None and not bars.first.is_training_data:
        check_unused_bars(winner, bars.first.market)
    return JudgedAgents(bars, default, data)


def _committee(agents: Sequence[Path]) -> "Committee":
    from fxai.rl.agents.agent_file import load_agent  # noqa: PLC0415 - slow to load
    from fxai.rl.agents.committee import Committee  # noqa: PLC0415

    return Committee.of([load_agent(path) for path in agents])
