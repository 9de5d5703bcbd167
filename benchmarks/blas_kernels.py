"""The kernels that the BLAS libraries of this process chose for the processor."""

import scipy.linalg.blas  # noqa: F401 - loads scipy's BLAS, which compiled loops call
from threadpoolctl import threadpool_info


def blas_kernels() -> str:
    """Returns each BLAS with its kernels, such as `openblas SkylakeX`. The variable OPENBLAS_CORETYPE changes them."""
    found = [each for each in threadpool_info() if each["user_api"] == "blas"]
    named = {f"{each['internal_api']} {each.get('architecture', 'unknown')}" for each in found}
    return "BLAS: " + (", ".join(sorted(named)) or "none")
