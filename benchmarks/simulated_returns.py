"""Returns of the seeds of one agent, with what makes errors hard: fat tails, clustered volatility, a common market."""

import math

import numpy as np
from numpy.typing import NDArray

CORRELATIONS = (0.2, 0.8)  # between the seeds, of what the bars bring
SEED_SHARES = (0.0, 0.4, 0.8)  # share of the variance of the mean that the seeds' own expected values have


def simulated_returns(
    rng: np.random.Generator,
    stretches: int,
    seeds: int,
    bars: int,
    *,
    correlation: float,
    seed_share: float,
    rows: int | None = None,
) -> NDArray[np.float64]:
    """Returns of many stretches of market, whose expected value over seeds and stretches is 0.

    Args:
        rng: Source of the draws.
        stretches: Number of independent stretches, each with its own seeds.
        seeds: Number of seeds of an agent.
        bars: Number of bars of a stretch.
        correlation: Between two seeds, of their returns on one bar.
        seed_share: Share of the variance of an agent's mean over `seeds` and bars that the seeds' own expected
            values have.
        rows: Number of seeds to draw; more than `seeds` for several agents of equal skill. None for `seeds`.

    Returns:
        [stretch, row, bar]. The standard deviation of a seed's returns is about 1. They follow Student's t with 5
        degrees of freedom, times a volatility whose logarithm is autoregressive with the coefficient 0.98 per bar.
    """
    log_volatility = np.empty((stretches, bars))
    log_volatility[:, 0] = rng.normal(size=stretches)
    steps = rng.normal(size=(stretches, bars)) * math.sqrt(1 - 0.98**2)
    for bar in range(1, bars):
        log_volatility[:, bar] = 0.98 * log_volatility[:, bar - 1] + steps[:, bar]
    volatility = np.exp(0.5 * log_volatility - 0.25)[:, None]  # its mean square is 1
    market = rng.standard_t(5, size=(stretches, 1, bars)) * math.sqrt(0.6)
    own = rng.standard_t(5, size=(stretches, rows or seeds, bars)) * math.sqrt(0.6)
    returns = volatility * (math.sqrt(correlation) * market + math.sqrt(1 - correlation) * own)
    of_bars = (correlation + (1 - correlation) / seeds) / bars
    of_seeds = of_bars * seed_share / (1 - seed_share) * seeds
    shifted: NDArray[np.float64] = returns + math.sqrt(of_seeds) * rng.normal(size=(stretches, rows or seeds, 1))
    return shifted
