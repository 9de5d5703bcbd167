"""Random permutations for compiled loops; see `counter_rng.permutation`."""

import numpy as np

from fxai.market.rules.compiled import Array
from fxai.rl.kernels.counter_bits import GOLDEN, mix, shift_right

_BUCKET_BITS = 10


def fill_permutation(key: int, order: Array) -> None:
    """Fills `order` [n] with the places of n random keys in increasing order; other loops call it.

    The keys are distributed into buckets by their first bits. Then they are nearly in order, and insertion sorts them.

    Args:
        key: Key of the draw, by the lane's stream and the step.
        order: Filled.
    """
    count, shift = len(order), 64 - _BUCKET_BITS
    keys, sorted_keys = np.empty(count, np.int64), np.empty(count, np.int64)
    begins = np.zeros((1 << _BUCKET_BITS) + 1, np.int64)
    half = 1 << (_BUCKET_BITS - 1)  # keys have a sign: negative ones are first
    for i in range(count):
        keys[i] = mix(key + (i + 1) * GOLDEN)
        begins[(shift_right(keys[i], shift) ^ half) + 1] += 1
    for bucket in range(1, len(begins)):
        begins[bucket] += begins[bucket - 1]
    for i in range(count):
        bucket = shift_right(keys[i], shift) ^ half
        place = begins[bucket]
        begins[bucket] += 1
        sorted_keys[place], order[place] = keys[i], i
    for i in range(1, count):
        moved, number, place = sorted_keys[i], order[i], i
        while place > 0 and sorted_keys[place - 1] > moved:
            sorted_keys[place], order[place] = sorted_keys[place - 1], order[place - 1]
            place -= 1
        sorted_keys[place], order[place] = moved, number
