"""Which bars an agent is scored on: a split of its own data, or data that it has never seen."""

from dataclasses import dataclass

from fxai.errors import DataError
from fxai.market.dataset import Market, prepare_bars, prepare_unsplit
from fxai.market.read_bars import load_bars
from fxai.market.splits import FEWEST_BARS, Span, Split
from fxai.rl.agents.agent import Agent


@dataclass(frozen=True, slots=True)
class EvaluationWindow:
    """Bars of a market, prepared as the agent's training prepared its own."""

    market: Market
    span: Span
    split: Split
    parts: int | None  # that are scored each by itself, as validation may be
    is_custom: bool  # whether the agent was trained on these very data

    @property
    def spends_test(self) -> bool:
        """Whether it shows what the agent does on the test split that its search must not see."""
        return self.is_custom and self.split in ("test", "all")


def evaluation_window(agent: Agent, source: str | None = None, split: Split | None = None) -> EvaluationWindow:
    """The bars of another `source`, all of them unless a split is named, or of the agent's own its validation split.

    Features are standardized as the agent learnt them, by its own train split.
    """
    config = agent.config.data if source is None else agent.config.data.model_copy(update={"source": source})
    bars = load_bars(config)
    is_custom = bars.content_hash == agent.data_hash
    named = split or ("validation" if is_custom or source is None else "all")
    if named != "all":
        market = prepare_bars(bars, config, agent.standardizer)
        parts = config.split.validation_episodes if named == "validation" else None
        spans = market.splits.named()
        if named not in spans:
            raise DataError(f"{bars.name} has no {named} split: validation takes all that train leaves")
        return EvaluationWindow(market, spans[named], named, parts, is_custom)
    market, span = prepare_unsplit(bars, config, agent.standardizer)
    if len(span) < FEWEST_BARS:
        raise DataError(
            f"{bars.name} has {len(span)} bars with all features, fewer than {FEWEST_BARS}: it holds {len(bars)}, and "
            f"the features take the first {span.start}"
        )
    return EvaluationWindow(market, span, named, None, is_custom)
