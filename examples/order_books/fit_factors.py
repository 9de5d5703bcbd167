"""Fits a small recurrent network to order-book snapshots, and writes its predictions as factors beside them.

    python examples/order_books/fit_factors.py BTC_1min.csv --horizons 1 5

The file of factors is BTC_1min_predict.npy. A study reads both files with `data.source: BTC_1min*` and the factors
with `data.features.columns: all`.

- Inputs of the network (a GRU) are features of the book and the last return, standardized with the train split.
- Factor k of row t is the prediction of the log return of the midpoint from row t + 1, at which an order that follows
  from row t is filled, to row t + 1 + horizon k, divided by the standard deviation of these returns.
- The network is fitted on the rows of the train split only. No return that it is fitted to reaches a row after the
  split, and a prediction depends on earlier rows and its own row alone. Give --train the value of `data.split.train` if
  your study has one. With folds, the train split is that of the first fold, which is the shortest.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from fxai.errors import FxaiError
from fxai.market.markets.dataset import Market, prepare
from fxai.spec.fields.data_config import DataConfig

HIDDEN = 16
LENGTH, STRIDE = 64, 32  # of the windows on which the network is fitted, in rows
EPOCHS, BATCH, RATE = 40, 32, 1e-2
FEATURES = {
    "return_horizons": [1],
    "volatility_windows": [],
    "momentum_windows": [],
    "bar_range": False,
    "time": False,
    "order_book": {"depths": [1, 3, 5], "spread": True, "microprice": True},
}


class Predictor(nn.Module):
    """A GRU with a linear output for each horizon."""

    def __init__(self, inputs: int, horizons: int) -> None:
        super().__init__()
        self.recurrent = nn.GRU(inputs, HIDDEN, batch_first=True)
        self.output = nn.Linear(HIDDEN, horizons)

    def forward(self, rows: Tensor) -> Tensor:
        """Predictions [window, row, horizon] of inputs [window, row, input]."""
        states, _ = self.recurrent(rows)
        predictions: Tensor = self.output(states)
        return predictions


def factors(market: Market, horizons: Sequence[int], seed: int) -> np.ndarray:
    """The factors [row, horizon] of a market; 0 in the first rows, which lack features."""
    first, stop = market.splits.train.start, market.splits.train.stop
    inputs, targets = torch.from_numpy(market.features).float(), _targets(market, horizons)
    fitted = stop - 1 - max(horizons)  # returns of the rows before it end in the train split
    deviation = targets[first:fitted].std(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = Predictor(inputs.shape[1], len(horizons))
        _fit(model, inputs[first:fitted], targets[first:fitted] / deviation)
    found = np.zeros((len(market), len(horizons)))
    with torch.no_grad():
        found[first:] = model(inputs[None, first:])[0].numpy()
    return found


def _targets(market: Market, horizons: Sequence[int]) -> Tensor:
    """Log returns [row, horizon] of orders that follow from a row; 0 where they end after the last row."""
    logs, rows = np.log(market.close), len(market)
    found = np.zeros((rows, len(horizons)))
    for place, horizon in enumerate(horizons):
        found[: rows - 1 - horizon, place] = logs[1 + horizon :] - logs[1:-horizon]
    return torch.from_numpy(found).float()


def _fit(model: Predictor, inputs: Tensor, targets: Tensor) -> None:
    """Minimize the squared error on windows of rows. The first quarter of a window only warms the network up."""
    windows = [each.unfold(0, LENGTH, STRIDE).transpose(1, 2) for each in (inputs, targets)]
    steps = -(-len(windows[0]) // BATCH) * EPOCHS
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(windows[0])).split(BATCH):
            errors = model(windows[0][chosen]) - windows[1][chosen]
            optimizer.zero_grad()
            errors[:, LENGTH // 4 :].square().mean().backward()
            optimizer.step()
            schedule.step()


def main() -> None:
    parser = argparse.ArgumentParser(description="Fit a recurrent network to order-book snapshots on the train split.")
    parser.add_argument("source", type=Path, help="CSV file of snapshots, in the order of time")
    parser.add_argument("--train", type=float, default=0.6, help="share of the rows in the train split")
    parser.add_argument("--horizons", type=int, nargs="+", default=[1, 5], help="rows of the predicted returns")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    data = {"source": str(options.source), "format": "order_book", "features": FEATURES}
    split = {"train": options.train, "validation": None}
    try:
        market = prepare(DataConfig.model_validate({**data, "split": split}))
    except FxaiError as error:
        raise SystemExit(str(error)) from None
    time = pd.to_datetime(pd.read_csv(options.source, usecols=["system_time"])["system_time"])
    if len(time) != len(market) or not time.is_monotonic_increasing:
        raise SystemExit(f"{options.source}: rows must be in the order of time, each time once; sort the file")
    target = options.source.with_name(f"{options.source.stem}_predict.npy")
    found = factors(market, options.horizons, options.seed)
    np.save(target, found)
    print(f"{target}: {found.shape[1]} factors of {len(found)} rows, fitted on {len(market.splits.train)} rows")


if __name__ == "__main__":
    main()
