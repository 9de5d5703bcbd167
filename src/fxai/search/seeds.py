"""Seeds by counters: what a trial draws depends on the study's seed and the trial's number alone.

So a resumed study does not repeat its start-up points, and the order in which trials in flight come back
changes no seed. `numpy.random.SeedSequence` does the mixing (O'Neill 2015, "Developing a seed_seq
alternative").
"""

from enum import IntEnum

import numpy as np


class _Purpose(IntEnum):
    TRIAL = 1
    SAMPLER = 2


def trial_seed(study_seed: int, number: int) -> int:
    """The seed of a trial's training, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.TRIAL, number)


def sampler_seed(study_seed: int, number: int) -> int:
    """The seed with which the sampler proposes that trial, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.SAMPLER, number)


def _seed(study_seed: int, purpose: _Purpose, number: int) -> int:
    return int(np.random.SeedSequence(study_seed, spawn_key=(purpose, number)).generate_state(1)[0])
