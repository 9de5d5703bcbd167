"""Bars to score an agent on: a split of its training data, or other data."""

from collections.abc import Mapping
from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.bars import Bars
from fxai.market.markets.dataset import Market, prepare_bars, prepare_unsplit
from fxai.market.reading.instrument_bars import read_instruments
from fxai.market.reading.read_bars import load_bars
from fxai.market.splits.splits import FEWEST_BARS, Span, Split
from fxai.rl.agents.agent import Agent
from fxai.spec.fields.data_config import DataConfig


@dataclass(frozen=True, slots=True)
class EvaluationWindow:
    """Bars of a market, with features standardized as in the agent's training."""

    market: Market
    span: Span
    split: Split
    parts: int | None  # equal parts that are scored separately; None: the span is scored as a whole
    is_training_data: bool  # whether the data are those that the agent was trained on

    @property
    def uses_test_split(self) -> bool:
        """Whether the window includes the test split, which the search does not use."""
        return self.is_training_data and self.split in ("test", "all")


def evaluation_window(agent: Agent, source: str | None = None, split: Split | None = None) -> EvaluationWindow:
    """The bars for an evaluation, standardized with the statistics of the agent's train split.

    Args:
        agent: The agent to score.
        source: Data file or name; the default are the data of the training.
        split: Split to score. The default is the validation split of the training data, and all bars of other data.

    Raises:
        DataError: If the data lack the split or have too few bars.
        InputError: The agent has several instruments; see `instrument_windows` and `Agent.on`.
    """
    agent.check_one_instrument()
    config = agent.config.data if source is None else agent.config.data.model_copy(update={"source": source})
    return _window(agent, load_bars(config), config, source, split)


def instrument_windows(agent: Agent, split: Split | None = None) -> Mapping[str, tuple[Agent, EvaluationWindow]]:
    """The agent of each instrument, with the bars of a split of its training data, by the name of the instrument.

    Raises:
        DataError: As `evaluation_window`; or the data no longer have an instrument.
    """
    readings = read_instruments(agent.config.data)
    found = {}
    for name in (each.name for each in agent.instruments):
        if name not in readings:
            raise DataError(f"the data no longer have the instrument {name}; they have {', '.join(readings)}")
        of_one = agent.on(name)
        found[name] = of_one, _window(of_one, readings[name].bars, of_one.config.data, None, split)
    return found


def _window(agent: Agent, bars: Bars, config: DataConfig, source: str | None, split: Split | None) -> EvaluationWindow:
    is_training_data = bars.content_hash == agent.data_hash
    named = split or ("validation" if is_training_data or source is None else "all")
    if named != "all":
        market = prepare_bars(bars, config, agent.standardizer)
        parts = config.split.validation_episodes if named == "validation" else None
        spans = market.splits.named()
        if named not in spans:
            raise DataError(
                f"{bars.name} has no {named} split: the validation split has all bars after the train split"
            )
        return EvaluationWindow(market, spans[named], named, parts, is_training_data)
    market, span = prepare_unsplit(bars, config, agent.standardizer)
    if len(span) < FEWEST_BARS:
        raise DataError(
            f"{bars.name} has {len(span)} bars with all features; at least {FEWEST_BARS} are needed. It has "
            f"{len(bars)} bars, of which the features need the first {span.start}"
        )
    return EvaluationWindow(market, span, named, None, is_training_data)
