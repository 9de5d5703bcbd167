"""The mixing function of `rl/lanes/counter_rng.py`, for tensors and for loops that numba compiles.

The arithmetic is that of int64, which wraps. SplitMix64: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number
generators", figure 16.
"""

from typing import Any

from fxai.market.rules.compiled import Array

GOLDEN = 0x9E3779B97F4A7C15 - (1 << 64)
_MIX_1 = 0xBF58476D1CE4E5B9 - (1 << 64)
_MIX_2 = 0x94D049BB133111EB - (1 << 64)


def shift_right(value: Any, bits: int) -> Any:
    """Logical right shift; the operator repeats the sign bit."""
    return (value >> bits) & ((1 << (64 - bits)) - 1)


def mix(value: Any) -> Any:
    value = (value ^ shift_right(value, 30)) * _MIX_1
    value = (value ^ shift_right(value, 27)) * _MIX_2
    return value ^ shift_right(value, 31)


def fill_keep(stream: int, numbers: Array, rate: float, keep: Array) -> None:
    """Fills the dropout factors of samples; other loops call it. See `rl/networks/dropout.py`.

    Args:
        stream: Key of the lane's stream of masks, by `counter_rng.stream_keys`.
        numbers: Numbers of the samples, [sample].
        rate: Share of the activations that are set to zero.
        keep: Filled: [net, sample, site].
    """
    nets, samples, sites = keep.shape
    real = keep.dtype.type
    unit, kept, dropped = real(2.0**-24), real(1) / (real(1) - rate), real(0)
    for i in range(samples):
        key = mix(stream + numbers[i] * GOLDEN)
        for net in range(nets):
            for site in range(sites):
                uniform = real(shift_right(mix(key + (net * sites + site + 1) * GOLDEN), 40)) * unit
                keep[net, i, site] = kept if uniform >= rate else dropped
