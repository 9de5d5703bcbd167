"""Counter-based random numbers: each number is a pure function of (lane seed, purpose, step, position).

There is no generator state, so a lane draws the same numbers alone and in any pack, on CPU and GPU, and a resumed
training draws the same numbers as an uninterrupted one. The mixing function is SplitMix64 (Steele, Lea, Flood 2014,
"Fast splittable pseudorandom number generators", figure 16), in wrapping int64 arithmetic because torch has no uint64
products.
"""

import math

import numpy as np
import torch
from torch import Tensor

from fxai.rl.kernels.counter_bits import GOLDEN, mix, shift_right
from fxai.rl.lanes import counter_draws
from fxai.rl.lanes.counter_draws import Purpose
from fxai.rl.lanes.kernel_tensors import runs_on_kernels

__all__ = ["Purpose", "bits", "normal", "permutation", "stream_keys", "uniform"]


def stream_keys(seeds: Tensor, purpose: Purpose) -> Tensor:
    """Keys of a stream [lane] for lane seeds [lane] int64."""
    keys: Tensor = mix(mix(seeds * GOLDEN) + torch.full_like(seeds, purpose) * GOLDEN)
    return keys


def bits(seeds: Tensor, purpose: Purpose, step: int | Tensor, shape: tuple[int, ...]) -> Tensor:
    """64 random bits each, [lane, *shape] int64.

    Args:
        seeds: Lane seeds [lane] int64.
        purpose: Stream.
        step: Step number, one for all lanes or [lane].
        shape: Shape per lane.
    """
    step = torch.as_tensor(step, dtype=torch.int64, device=seeds.device).expand_as(seeds)
    key = mix(stream_keys(seeds, purpose) + step * GOLDEN)
    position = torch.arange(1, math.prod(shape) + 1, dtype=torch.int64, device=seeds.device)
    drawn: Tensor = mix(key[:, None] + position * GOLDEN).reshape(len(seeds), *shape)
    return drawn


def uniform(seeds: Tensor, purpose: Purpose, step: int | Tensor, shape: tuple[int, ...]) -> Tensor:
    """Uniform numbers on [0, 1) with 24 random bits, [lane, *shape] float32; arguments as of `bits`."""
    chance: Tensor = shift_right(bits(seeds, purpose, step, shape), 40).to(torch.float32) * 2.0**-24
    return chance


def normal(seeds: Tensor, purpose: Purpose, shape: tuple[int, ...]) -> Tensor:
    """The numbers of `counter_draws.normal`, [lane, *shape], on the host, as the seeds."""
    return torch.from_numpy(counter_draws.normal(seeds.numpy(), purpose, shape))


def permutation(seeds: Tensor, purpose: Purpose, step: int | Tensor, length: int) -> Tensor:
    """A random permutation of 0..length-1 for each lane, [lane, length] int64."""
    keys = bits(seeds, purpose, step, (length,))
    if runs_on_kernels(
        keys
    ):  # numpy sorts these four times as fast; it may order equal keys otherwise, but 64 bits are many
        return torch.from_numpy(np.argsort(keys.numpy(), axis=1))
    return keys.argsort(dim=1, stable=True)
