"""SPA and StepM of the package arch, with which FxAI's are compared."""

import numpy as np
from arch.bootstrap import SPA

from fxai.evaluation.superior_ability import SuperiorAbility


def arch_spa(differences: np.ndarray, length: int, *, seed: int, replicates: int) -> SPA:
    """SPA of differences [trial, bar], computed. arch takes losses."""
    benchmark = np.zeros(differences.shape[1])
    spa = SPA(benchmark, -differences.T, block_size=length, reps=replicates, bootstrap="circular", seed=seed)
    spa.compute()
    return spa


def arch_tests(
    differences: np.ndarray, length: int, *, seed: int, replicates: int, error_rate: float
) -> SuperiorAbility:
    """The steps of StepM are SPA's, since arch's class StepM fails if all trials are better."""
    spa = arch_spa(differences, length, seed=seed, replicates=replicates)
    p_values = spa.pvalues
    remaining = np.ones(len(differences), np.bool_)
    while remaining.any():
        spa.subset(remaining)
        spa.compute()
        better = spa.better_models(error_rate)
        if not len(better):
            break
        remaining[better] = False
    return SuperiorAbility(
        float(p_values["consistent"]),
        float(p_values["lower"]),
        float(p_values["upper"]),
        tuple(np.flatnonzero(~remaining).tolist()),
    )
