"""Train, validation and test splits of decisions: spans of dates, with a gap between them."""

from dataclasses import dataclass

import numpy as np

from fxai.errors import DataError
from fxai.market.news.decisions import NewsDecisions
from fxai.market.splits.splits import Span, Splits, boundaries
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.fields.decision_config import DecisionConfig


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """What a split has."""

    dates: int  # bars, of all instruments together
    dates_with_news: int
    decisions: int
    headlines: int  # that a decision reads


def split_decisions(decisions: NewsDecisions, split: SplitConfig, config: DecisionConfig) -> Splits:
    """The dates of each split.

    Dates before the first decision, and those after the look-ahead of the last one, are in no split, so that shares
    are of the time with news. The gap is removed from the start of validation and test: as many bars as the longest
    look-ahead, so that no return that trains reaches into the bars of another split.

    Args:
        decisions: All decisions.
        split: Shares or dates, and `embargo_bars`, which may lengthen the gap.
        config: Look-ahead and gap of the study. All trials have the same splits.

    Raises:
        DataError: A split has no news.
    """
    if split.has_folds or split.validation_episodes is not None:
        raise DataError(
            "decisions on news have one train, validation and test split; remove walk_forward, combinatorial and "
            "validation_episodes from data.split"
        )
    gap = max(config.lookahead if config.gap is None else config.gap, split.embargo_bars or 0)
    dates = decisions.market.dates
    first = int(decisions.date.min())
    stop = min(len(dates), int(decisions.date.max()) + 1 + config.lookahead)
    train_stop, validation_stop = (first + end for end in boundaries(dates[first:stop], split))
    splits = Splits(
        train=Span(first, train_stop),
        validation=Span(min(train_stop + gap, validation_stop), validation_stop),
        test=Span(min(validation_stop + gap, stop), stop),
    )
    for name, span in (("train", splits.train), ("validation", splits.validation), ("test", splits.test)):
        if not len(decisions.within(span)) and not (name == "test" and split.validation is None):
            raise DataError(_without_news(name, span, decisions, split, gap))
    return splits


def training_span(train: Span, config: DecisionConfig) -> Span:
    """The dates of the train split that are trained on: the latest `max_env_steps` of them."""
    if config.max_env_steps is None:
        return train
    return Span(max(train.start, train.stop - config.max_env_steps), train.stop)


def count_splits(decisions: NewsDecisions, splits: Splits) -> dict[str, SplitCounts]:
    """What each split has, by its name."""
    counts = {}
    for name, span in splits.named().items():
        own = decisions.within(span)
        read = {headline for first, stop in zip(own.first, own.stop, strict=True) for headline in range(first, stop)}
        counts[name] = SplitCounts(len(span), len(np.unique(own.date)), len(own), len(read))
    return counts


def _without_news(name: str, span: Span, decisions: NewsDecisions, split: SplitConfig, gap: int) -> str:
    dates = decisions.market.dates
    first, last = (str(np.datetime_as_string(each, unit="D")) for each in dates[decisions.date[[0, -1]]])
    if len(span):
        start, end = (str(np.datetime_as_string(each, unit="D")) for each in dates[[span.start, span.stop - 1]])
        own = f"the {name} split, from {start} to {end}, has no news that an order can follow"
    else:
        own = f"the {name} split has no bars"
    return (
        f"{own}; there are decisions from {first} to {last}, and {gap} bars are left out between two splits. Change "
        f"data.split.train ({split.train}) or data.split.validation ({split.validation}), or lower decisions.gap"
    )
