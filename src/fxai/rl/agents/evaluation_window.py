"""Bars to score an agent on: a split of its training data, or other data."""

from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.dataset import Market, prepare_bars, prepare_unsplit
from fxai.market.read_bars import load_bars
from fxai.market.splits import FEWEST_BARS, Span, Split
from fxai.rl.agents.agent import Agent


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
    """
    config = agent.config.data if source is None else agent.config.data.model_copy(update={"source": source})
    bars = load_bars(config)
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
