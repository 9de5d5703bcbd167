"""Trials as the loop of a study is given them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from fxai.protocol import ParamValue, StoredReports
from fxai.search.pbt_history import Exploit


@dataclass(frozen=True, slots=True)
class AskedTrial:
    """A trial that shall be run."""

    number: int
    attempt: int  # 0 at first, one more after each run of it that was lost
    params: Mapping[str, ParamValue]
    seeds: tuple[int, ...]  # one for each training of it
    put_back: bool = False  # by the last run, in good order
    exploit: Exploit | None = None  # of a population's member: the last, from which it goes on
    compared: int = 0  # the step at which a population's member was last compared
    stored_reports: StoredReports | None = field(default=(), compare=False)  # as of `TrialRequest`


@dataclass(frozen=True, slots=True)
class FinishedTrial:
    """A trial in its final state, as the stop rules look at it."""

    value: float | None  # None unless it is COMPLETE
    env_steps: int
