"""Loops in vectors of several lengths."""

import numpy as np

from fxai.market.rules.compiled import Array, compiled_arithmetic
from fxai.rl.kernels.vectors import use_longest_vectors


def _add_shares(numbers: Array, out: Array) -> None:
    use_longest_vectors()
    for i in range(len(out)):
        out[i] += numbers[i] / (out[i] + numbers.dtype.type(0.5))


@compiled_arithmetic
def in_longest_vectors(numbers: Array, out: Array) -> None:
    _add_shares(numbers, out)


@compiled_arithmetic
def in_other_vectors(numbers: Array, out: Array) -> None:
    for i in range(len(out)):
        out[i] += numbers[i] / (out[i] + numbers.dtype.type(0.5))


def test_the_length_of_vectors_changes_no_number():
    random = np.random.default_rng(3)
    numbers, start = random.random(101).astype("f"), random.random(101).astype("f")
    results = start.copy(), start.copy()
    in_longest_vectors(numbers, results[0])
    in_other_vectors(numbers, results[1])
    np.testing.assert_array_equal(*results)
    np.testing.assert_allclose(results[0], start + numbers / (start + 0.5), rtol=1e-6)
