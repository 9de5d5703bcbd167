"""Trials as the study loop receives them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fxai.protocol import ParamValue, StoredReports
from fxai.search.pbt_history import Exploit


@dataclass(frozen=True, slots=True)
class AskedTrial:
    """A trial to run."""

    number: int
    attempt: int  # number of earlier runs of the trial that were lost
    params: Mapping[str, ParamValue]
    seeds: tuple[int, ...]  # one per training of the trial
    returned: bool = False  # whether the last run ended without losing the trial
    exploit: Exploit | None = None  # the last exploit, which the trial continues from
    compared: int = 0  # step of the last comparison in a population
    stored_reports: StoredReports | None = field(default=(), compare=False)  # as of `TrialRequest`


@dataclass(frozen=True, slots=True)
class FinishedTrial:
    """A finished trial, for the stop rules and the costs of a confirmation."""

    number: int
    value: float | None  # None unless it is COMPLETE
    step: int  # of its last report; 0 without one
    env_steps: int  # of training, of all seeds; 0: not counted
