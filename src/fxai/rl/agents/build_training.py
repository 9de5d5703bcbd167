"""Builds the training of a pack on a market."""

from fxai.market.markets.dataset import Market
from fxai.market.markets.instruments import MarketSet
from fxai.rl.agents.training_bars import market_table, scored_span, trained_spans
from fxai.rl.compiled.program import CompiledProgram, is_compiled
from fxai.rl.environment.market_table import MarketTable
from fxai.rl.lanes.pack import Pack
from fxai.rl.training.training import Training
from fxai.spec.fields.env_config import EnvConfig


def build_training(
    pack: Pack,
    base: EnvConfig,
    market: Market | MarketSet,
    device: str = "cpu",
    table: MarketTable | None = None,
    *,
    cuda_graph_after: int | None = None,
) -> Training:
    """A training on the market's train split, scored on its validation split, or of each lane on its fold.

    With several instruments, each lane draws its episodes over the train splits of all of them, in proportion to their
    bars, and its score is the mean over the validation splits. Compiled loops train what they know; torch is imported
    for other trainings only.

    Args:
        pack: Configurations and seeds.
        base: Environment that scores.
        market: Bars, features and splits, of one market or of several instruments.
        device: "cpu" or "cuda:N".
        table: `market_table` of the pack, if there is one already.
        cuda_graph_after: See `TensorProgram`.
    """
    markets = market if isinstance(market, MarketSet) else MarketSet.of_one(market, pack.configs[0].data)
    table = table or market_table(pack, markets)
    train, scored = trained_spans(pack, markets), scored_span(pack, base, markets)
    if is_compiled(pack.configs[0], device):
        return Training(pack, CompiledProgram(pack, table, train, scored))
    from fxai.rl.agents.tensor_training import tensor_program  # noqa: PLC0415 - torch

    return Training(pack, tensor_program(pack, table, train, scored, device, cuda_graph_after=cuda_graph_after))
