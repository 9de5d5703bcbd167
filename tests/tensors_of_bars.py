"""The tensors of a market that a test writes down bar by bar."""

import torch
from numpy.typing import ArrayLike

from fxai.rl.environment.market_table import MarketTable
from fxai.rl.environment.market_tensors import MarketTensors


def tensors_of_bars(
    *, dtype: torch.dtype = torch.float32, device: torch.device | str = "cpu", **columns: ArrayLike | None
) -> MarketTensors:
    """The tensors of the columns of `MarketTable.of`."""
    table = MarketTable.of(**columns, dtype=str(dtype).removeprefix("torch."))  # type: ignore[arg-type]
    return MarketTensors.of_table(table, device)
