"""Counter-based random numbers as arrays; see `counter_rng.py`, whose tensors have the same numbers."""

import math
from enum import IntEnum

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.kernels.counter_bits import GOLDEN, mix, shift_right


class Purpose(IntEnum):
    """Use of a random number; each purpose is an independent stream."""

    WEIGHTS = 1
    EPISODE_START = 2
    ACTION = 3
    MINIBATCH = 4
    DROPOUT = 5
    REPLAY = 6
    PROMPT_LENGTH = 7


def stream_keys(seeds: Array, purpose: Purpose) -> Array:
    """Keys of a stream [lane] for lane seeds [lane] int64."""
    keys: Array = mix(mix(seeds * GOLDEN) + np.full_like(seeds, purpose) * GOLDEN)
    return keys


def bits(seeds: Array, purpose: Purpose, step: Array, shape: tuple[int, ...]) -> Array:
    """64 random bits each, [lane, *shape] int64.

    Args:
        seeds: Lane seeds [lane] int64.
        purpose: Stream.
        step: Step numbers [lane] int64.
        shape: Shape per lane.
    """
    key = mix(stream_keys(seeds, purpose) + step * GOLDEN)
    position = np.arange(1, math.prod(shape) + 1)
    drawn: Array = mix(key[:, None] + position * GOLDEN).reshape(len(seeds), *shape)
    return drawn


def uniform(seeds: Array, purpose: Purpose, step: Array, shape: tuple[int, ...]) -> Array:
    """Uniform numbers on [0, 1) with 24 random bits, [lane, *shape] float32; arguments as of `bits`."""
    chance: Array = shift_right(bits(seeds, purpose, step, shape), 40).astype(np.float32) * np.float32(2.0**-24)
    return chance


def normal(seeds: Array, purpose: Purpose, shape: tuple[int, ...]) -> Array:
    """Standard normal numbers of step 0 by the inverse distribution function, [lane, *shape] float32; always finite."""
    from scipy.special import ndtri  # noqa: PLC0415 - loads when a training begins

    centre = (shift_right(bits(seeds, purpose, np.zeros_like(seeds), shape), 40) + 0.5) * 2.0**-24
    gaussian: Array = ndtri(centre).astype(np.float32)
    return gaussian
