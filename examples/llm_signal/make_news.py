"""Makes the sample of the spec `llm_signal`: daily prices of eight instruments, and news about them.

    python examples/llm_signal/make_news.py config/optuna/news_sample

The rule is that of `fxai.market.news.planted_news`. On most days an instrument has one or two headlines, whose words
are good or bad news or neutral. After good news its next bar rises by 1 % from open to close, after bad news it falls
by 1 %, with noise of 0.6 %. The direction of each day is random, so prices alone predict nothing. The sample is no
market data and shows what a search finds where there is something to find. `--shuffled` puts the headlines at random
places: then the words decide nothing.
"""

import argparse
from pathlib import Path

import pandas as pd

from fxai.market.news.planted_news import planted_news, write_planted_news

SEED, INSTRUMENTS, DAYS = 7, 8, 440
NOISE = 0.006  # standard deviation of a day's log return
DECIMALS = 3  # of prices


def make_news(folder: Path, *, shuffled: bool = False) -> None:
    """Write `prices.csv` and `news.csv`."""
    write_planted_news(planted_news(SEED, INSTRUMENTS, DAYS, noise=NOISE, shuffled=shuffled), folder)
    prices = folder / "prices.csv"
    pd.read_csv(prices).round(DECIMALS).to_csv(prices, index=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="is written")
    parser.add_argument("--shuffled", action="store_true", help="put the headlines at random places")
    given = parser.parse_args()
    make_news(given.folder, shuffled=given.shuffled)


if __name__ == "__main__":
    main()
