"""Elementary functions for compiled loops, which a compiler computes for several numbers at once.

Library functions are fast on some processors only, and may round the last elements of an array differently. The
functions take numbers of either precision; NaN stays NaN.
"""

import math
from typing import Any

import numpy as np

_LOG2_E = 1.44269504
_LOG_2_HIGH, _LOG_2_LOW = 0.693359375, -2.12194440e-4  # their sum is log 2; the first has few bits
_LARGEST, _SMALLEST = 88.0, -87.0  # exponents of float32 without overflow and subnormal numbers
_BIAS, _MANTISSA_BITS = 127, 23  # of float32
_MANTISSA_MASK = (1 << 23) - 1
_ROOT_2 = 1.41421356


def _limited(x: Any, limit: Any) -> Any:
    """Returns `x` between `-limit` and `limit`. Unlike min and max, a comparison keeps NaN."""
    if x > limit:
        x = limit
    if x < -limit:
        x = -limit
    return x


def tanh(x: Any) -> Any:
    """Returns tanh of a number of either precision, with an error of at most 4e-7 for float32 and 3e-13 for float64.

    For float32 the formula is a quotient of polynomials, fitted by its largest relative error on [-8, 8]. For float64
    it is the Pade approximant 7/6 (Lambert's continued fraction) at a quarter of the argument, then two doublings.
    """
    kind = type(x)
    one, two, quarter = kind(1), kind(2), kind(0.25)
    is_single = one + kind(1e-10) == one
    x = _limited(x, kind(8) if is_single else kind(19))  # tanh is 1 beyond it
    if is_single:
        s = x * x
        top = kind(4.06921366e-3) + s * (kind(3.29331255e-5) + s * kind(5.56622471e-8))
        top = x * (one + s * (kind(0.1383275) + s * top))
        bottom = kind(4.31793384e-4) + s * (kind(1.72335186e-6) + s * kind(8.38698338e-10))
        bottom = one + s * (kind(0.471660831) + s * (kind(2.79561619e-2) + s * bottom))
    else:
        x *= quarter
        s = x * x
        top = x * (kind(135135) + s * (kind(17325) + s * (kind(378) + s)))
        bottom = kind(135135) + s * (kind(62370) + s * (kind(3150) + s * kind(28)))
        top, bottom = two * top * bottom, top * top + bottom * bottom
        top, bottom = two * top * bottom, top * top + bottom * bottom
    return _limited(top / bottom, one)  # it is greater by rounding


def exp(x: Any) -> Any:
    """Returns the exponential of a number, for float32 with a relative error of at most 1.2e-7 from -87 to 88.

    Beyond these it is that of the nearest. With n = x / log 2 rounded, it is 2^n times a polynomial of the rest
    (Cephes, `expf`).
    """
    kind = type(x)
    one = kind(1)
    if one + kind(1e-10) != one:
        return math.exp(x)
    if x > kind(_LARGEST):
        x = kind(_LARGEST)
    if x < kind(_SMALLEST):
        x = kind(_SMALLEST)
    power = np.floor(x * kind(_LOG2_E) + kind(0.5))
    r = x - power * kind(_LOG_2_HIGH) - power * kind(_LOG_2_LOW)
    top = kind(8.3334519073e-3) + r * (kind(1.3981999507e-3) + r * kind(1.9875691500e-4))
    top = kind(5.0000001201e-1) + r * (kind(1.6666665459e-1) + r * (kind(4.1665795894e-2) + r * top))
    two_to_power = np.int32((np.int32(power) + np.int32(_BIAS)) << np.int32(_MANTISSA_BITS)).view(np.float32)
    return (one + r + r * r * top) * two_to_power


def log(x: Any) -> Any:
    """Returns the natural logarithm of a normal number, for float32 with a relative error of at most 1e-7.

    With x = 2^n m and m near 1, it is n log 2 plus a polynomial of m - 1 (Cephes, `logf`).
    """
    kind = type(x)
    one = kind(1)
    if one + kind(1e-10) != one:
        return math.log(x)
    bits = np.float32(x).view(np.int32)
    power = kind((bits >> np.int32(_MANTISSA_BITS)) - np.int32(_BIAS))
    mantissa = np.int32((bits & np.int32(_MANTISSA_MASK)) | np.int32(_BIAS << _MANTISSA_BITS)).view(np.float32)
    if mantissa > kind(_ROOT_2):
        mantissa *= kind(0.5)
        power += one
    r = mantissa - one
    top = kind(-1.2420140846e-1) + r * (
        kind(1.1676998740e-1) + r * (kind(-1.1514610310e-1) + r * kind(7.0376836292e-2))
    )
    top = kind(-1.6668057665e-1) + r * (kind(1.4249322787e-1) + r * top)
    top = kind(3.3333331174e-1) + r * (kind(-2.4999993993e-1) + r * (kind(2.0000714765e-1) + r * top))
    low = r * r * r * top + power * kind(_LOG_2_LOW) - kind(0.5) * r * r
    return r + low + power * kind(_LOG_2_HIGH) + (x - x)  # NaN
