"""Counter-based seeds: the seeds of a trial depend only on the study's seed and the trial's number.

So a resumed study does not repeat its startup points, and the order in which running trials finish changes no seed.
`numpy.random.SeedSequence` mixes the counters (O'Neill 2015, "Developing a seed_seq alternative").
"""

from enum import IntEnum

import numpy as np


class _Purpose(IntEnum):
    TRIAL = 1
    SAMPLER = 2
    LANE = 3
    TURN = 4
    MEMBER = 5
    CONFIRMATION = 6
    VERDICT = 7
    NEIGHBOURS = 8


def trial_seed(study_seed: int, number: int) -> int:
    """Seed of a trial's training, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.TRIAL, number)


def sampler_seed(study_seed: int, number: int) -> int:
    """Seed of the sampler that proposes the trial, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.SAMPLER, number)


def lane_seeds(first: int, count: int) -> tuple[int, ...]:
    """Seeds of a trial that is trained several times; the first is the trial's seed."""
    return (first, *(_seed(first, _Purpose.LANE, lane) for lane in range(1, count)))


def confirmation_seed(study_seed: int, index: int) -> int:
    """Seed of the trainings number `index` of a confirmation, equal for all its candidates, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.CONFIRMATION, index)


def verdict_seed(study_seed: int, index: int) -> int:
    """Seed of member `index` of the committees of a verdict, equal for winner and default, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.VERDICT, index)


def neighbours_seed(study_seed: int) -> int:
    """Seed of the configurations around the winner that a verdict trains, in [0, 2**32)."""
    return _seed(study_seed, _Purpose.NEIGHBOURS)


def turn(study_seed: int, number: int, step: int) -> int:
    """Random rank of a trial among the reports that are decided together at a step; the lowest is decided first."""
    return _seed(study_seed, _Purpose.TURN, number, step % 2**64)  # any integer may be a step


def member_chance(study_seed: int, step: int, number: int, *counters: int) -> float:
    """Uniform random number on [0, 1) with 53 bits, for a member of a population at a comparison.

    `counters` distinguish the uses of the number.
    """
    key = (_Purpose.MEMBER, step, number, *counters)
    bits = np.random.SeedSequence(study_seed, spawn_key=key).generate_state(1, np.uint64)[0]
    return float(int(bits) >> 11) * 2.0**-53


def _seed(seed: int, purpose: _Purpose, *counters: int) -> int:
    return int(np.random.SeedSequence(seed, spawn_key=(purpose, *counters)).generate_state(1)[0])
