"""Counter-based random numbers: each number is a pure function of (lane seed, purpose, step, position).

There is no generator state, so a lane draws the same numbers alone and in any pack, on CPU and GPU, and a resumed
training draws the same numbers as an uninterrupted one. The mixing function is SplitMix64 (Steele, Lea, Flood 2014,
"Fast splittable pseudorandom number generators", figure 16), in wrapping int64 arithmetic because torch has no uint64
products.
"""

import math
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from fxai.rl.kernels import runs_on_kernels

_GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
_MIX_2 = 0x94D049BB133111EB - (1 << 64)


class Purpose(IntEnum):
    """Use of a random number; each purpose is an independent stream."""

    WEIGHTS = 1
    EPISODE_START = 2
    ACTION = 3
    MINIBATCH = 4
    DROPOUT = 5
    REPLAY = 6


def _shift_right(value: Tensor, bits: int) -> Tensor:
    """Logical right shift; torch's operator repeats the sign bit."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def _mix(value: Tensor) -> Tensor:
    value = (value ^ _shift_right(value, 30)) * _MIX_1
    value = (value ^ _shift_right(value, 27)) * _MIX_2
    return value ^ _shift_right(value, 31)


def bits(seeds: Tensor, purpose: Purpose, step: int | Tensor, shape: tuple[int, ...]) -> Tensor:
    """64 random bits each, [lane, *shape] int64.

    Args:
        seeds: Lane seeds [lane] int64.
        purpose: Stream.
        step: Step number, one for all lanes or [lane].
        shape: Shape per lane.
    """
    step = torch.as_tensor(step, dtype=torch.int64, device=seeds.device).expand_as(seeds)
    stream = torch.full_like(seeds, purpose) * _GOLDEN
    key = _mix(_mix(_mix(seeds * _GOLDEN) + stream) + step * _GOLDEN)
    position = torch.arange(1, math.prod(shape) + 1, dtype=torch.int64, device=seeds.device)
    return _mix(key[:, None] + position * _GOLDEN).reshape(len(seeds), *shape)


def uniform(seeds: Tensor, purpose: Purpose, step: int | Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform numbers on [0, 1) with 24 random bits, [lane, *shape] float32; arguments as of `bits`."""
    return _shift_right(bits(seeds, purpose, step, shape), 40).to(torch.float32) * 2.0**-24


def normal(seeds: Tensor, purpose: Purpose, step: int | Tensor, shape: tuple[int, ...]) -> Tensor:
    """Standard normal numbers by the inverse distribution function, [lane, *shape] float32; always finite."""
    centre = (_shift_right(bits(seeds, purpose, step, shape), 40).to(torch.float64) + 0.5) * 2.0**-24
    gaussian: Tensor = torch.special.ndtri(centre)
    return gaussian.to(torch.float32)


def permutation(seeds: Tensor, purpose: Purpose, step: int | Tensor, length: int) -> Tensor:
    """A random permutation of 0..length-1 for each lane, [lane, length] int64."""
    keys = bits(seeds, purpose, step, (length,))
    if runs_on_kernels(
        keys
    ):  # numpy sorts these four times as fast; it may order equal keys otherwise, but 64 bits are many
        return torch.from_numpy(np.argsort(keys.numpy(), axis=1))
    return keys.argsort(dim=1, stable=True)
