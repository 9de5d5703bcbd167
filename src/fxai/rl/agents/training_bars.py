"""The bars that train and score the lanes of a pack."""

from fxai.market.markets.dataset import prepare_folds
from fxai.market.markets.instruments import MarketSet
from fxai.market.scores.scored_instruments import scored_instruments
from fxai.rl.environment.fold_spans import scored_spans, train_spans
from fxai.rl.environment.instrument_spans import scored_instrument_spans
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.random_starts import Spans
from fxai.rl.lanes.pack import Pack
from fxai.rl.scores.scored_span import ScoredSpan
from fxai.spec.fields.env_config import EnvConfig


def market_table(pack: Pack, markets: MarketSet) -> MarketTable:
    """The table of the markets, or of all folds if the lanes are in folds."""
    if pack.folds:
        return MarketTable.of_folds(prepare_folds(pack.configs[0].data))
    return MarketTable.of_set(markets)


def scored_span(pack: Pack, base: EnvConfig, markets: MarketSet) -> ScoredSpan:
    """The bars that score a pack's lanes: the validation split, or the test of each lane's fold."""
    lanes, window = len(pack.seeds), pack.configs[0].env.observation_window
    test: Spans = markets.first.splits.validation
    if pack.folds:
        test = scored_spans(markets.first, pack.folds, window)
    elif markets.names:
        test = [scored_instrument_spans(markets, window)] * lanes
    episodes = pack.configs[0].data.split.validation_episodes  # the same for all trials
    return ScoredSpan(
        test,
        markets.first.bars_per_year,
        base,
        [config.env for config in pack.configs],
        parts=episodes,
        instruments=scored_instruments(markets, episodes),
    )


def trained_spans(pack: Pack, markets: MarketSet) -> Spans:
    """The bars that train a pack's lanes: the train split, or the train bars of each lane's fold."""
    if pack.folds:
        return train_spans(markets.first, pack.folds)
    return [markets.train] * len(pack.seeds) if markets.names else markets.first.splits.train
