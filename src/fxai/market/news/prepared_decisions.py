"""The decisions of a study: prices and news of its files, joined, and split by date."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fxai.formatting import counted
from fxai.market.markets.instruments import set_hash
from fxai.market.news.decision_splits import count_splits, split_decisions, training_span
from fxai.market.news.decisions import NewsDecisions, decisions_of
from fxai.market.news.news import ReadCounts
from fxai.market.news.news_market import NewsMarket, match_news, read_prices
from fxai.market.splits.splits import Splits
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.decision_config import DecisionConfig
from fxai.spec.fields.news_config import NewsConfig

_NAMED = 3  # instruments without prices in a text


@dataclass(frozen=True, slots=True, eq=False)
class PreparedDecisions:
    """All decisions, and the dates of each split."""

    decisions: NewsDecisions
    splits: Splits  # of the dates of the market
    rows: ReadCounts  # of the files of news
    config: DecisionConfig  # of the study

    @property
    def market(self) -> NewsMarket:
        return self.decisions.market

    @property
    def content_hash(self) -> str:
        """SHA-256 of the prices and the news."""
        prices = set_hash(dict(zip(self.market.names, self.market.bars, strict=True)))
        return hashlib.sha256(f"{prices}\n{self.market.news.content_hash}\n".encode()).hexdigest()

    def training(self, config: DecisionConfig) -> tuple[NewsDecisions, np.ndarray]:
        """The decisions that a trial trains on, and their returns, [decision].

        These are the decisions of the train split whose look-ahead is within it, on its latest `max_env_steps` dates.

        Args:
            config: Of the trial: look-ahead, `max_env_steps`, and what decisions read.
        """
        every = self.decisions if _read_alike(config, self.config) else decisions_of(self.market, config)
        own = every.within(training_span(self.splits.train, config))
        returns = own.returns(config.lookahead, self.splits.train)
        known = ~np.isnan(returns)
        return own.at(known), returns[known]

    def lines(self) -> Sequence[str]:
        """What was read, left out and kept, and what each split has, as sentences."""
        return (_rows_line(self.rows), *_market_lines(self.market), *_split_lines(self))


def prepare_decisions(data: DataConfig, news: NewsConfig, config: DecisionConfig) -> PreparedDecisions:
    """Read prices and news, and split the decisions.

    Raises:
        DataError: Prices or news cannot be read, do not fit each other, or leave a split without news.
    """
    from fxai.market.news.read_news import read_news  # noqa: PLC0415 - loads pandas, which no other study needs

    reading = read_news(news)
    market = match_news(read_prices(data), reading.news)
    decisions = decisions_of(market, config)
    return PreparedDecisions(decisions, split_decisions(decisions, data.split, config), reading.counts, config)


def _read_alike(one: DecisionConfig, other: DecisionConfig) -> bool:
    return (one.news_bars, one.max_headlines) == (other.news_bars, other.max_headlines)


def _rows_line(rows: ReadCounts) -> str:
    dropped = [
        f"{count:,} {what}"
        for count, what in (
            (rows.without_title, "without a title"),
            (rows.without_instrument, "without an instrument"),
            (rows.repeated, "repeated"),
        )
        if count
    ]
    left_out = f", left out: {', '.join(dropped)}" if dropped else ""
    alone = f"; {rows.dates_alone:,} have a date alone and count from the end of the day" if rows.dates_alone else ""
    return f"News: {rows.read:,} rows read{left_out}{alone}."


def _market_lines(market: NewsMarket) -> Sequence[str]:
    counts = market.counts
    named = ", ".join(f"{name} {count:,}" for name, count in counts.unknown[:_NAMED])
    dropped = [
        f"{count:,} {what}"
        for count, what in (
            (counts.unknown_instrument, f"of instruments without prices ({named})"),
            (counts.before_prices, "before the first price"),
            (counts.after_prices, "too late for an order at the last price"),
        )
        if count
    ]
    left_out = f", left out: {', '.join(dropped)}" if dropped else ""
    return (f"Headlines on {counted(len(market.names), 'instrument')}: {counts.kept:,} kept{left_out}.",)


def _split_lines(prepared: PreparedDecisions) -> Sequence[str]:
    lines = []
    spans = prepared.splits.named()
    for name, each in count_splits(prepared.decisions, prepared.splits).items():
        ends = prepared.market.dates[[spans[name].start, spans[name].stop - 1]]
        first, last = np.datetime_as_string(ends, unit="D").tolist()
        lines.append(
            f"{name}: {first} to {last}, {each.dates:,} bars, {each.dates_with_news:,} of them with news; "
            f"{counted(each.decisions, 'decision')} on {counted(each.headlines, 'headline')}."
        )
    return lines
