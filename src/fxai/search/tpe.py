"""Optuna's TPE, remembering from one trial to the next what Optuna works out anew each time.

There is a new sampler for each trial (`samplers.py`). What costs most in one at 1,000 finished trials is not
the estimation but Python loops over those trials: the space that all have in common, and the internal
representation of every parameter of every trial. Neither changes once a trial is finished. What is proposed is
Optuna's own choice, number for number, and a test compares the two.

The representation is worked out in a method that Optuna keeps to itself; should another version not call
it any more, asking is slower again and nothing else.
"""

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial

Space: TypeAlias = dict[str, BaseDistribution]
Row: TypeAlias = tuple[float, ...]  # a trial's parameters in their internal representation; empty if one is missing


@dataclass(slots=True)
class Remembered:
    """What outlives a sampler: of one study, about its finished trials."""

    common_space: IntersectionSearchSpace = field(default_factory=lambda: IntersectionSearchSpace(include_pruned=True))
    rows: dict[tuple[str, ...], tuple[Space, dict[int, Row]]] = field(default_factory=dict)

    def rows_in(self, space: Space) -> dict[int, Row]:
        """Those of that space by the trials' numbers; none yet if the parameters had other ranges before."""
        names = tuple(space)
        known = self.rows.get(names)
        if known is None or known[0] != space:
            known = self.rows[names] = (dict(space), {})
        return known[1]


class RememberingTPE(optuna.samplers.TPESampler):
    """TPE for one trial of a study; `remembered` is to be set before it is used."""

    remembered: Remembered
    shares_common_space: bool

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Space:
        if not self.shares_common_space:
            return super().infer_relative_search_space(study, trial)
        space = self.remembered.common_space.calculate(study)
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: Space, study: optuna.Study
    ) -> dict[str, np.ndarray]:
        known = self.remembered.rows_in(search_space)
        rows = []
        for trial in trials:
            row = known.get(trial.number)
            if row is None:
                row = self._row(trial, search_space, study)
                if trial.state.is_finished():
                    known[trial.number] = row
            if row:
                rows.append(row)
        columns = zip(*rows, strict=True) if rows else ((),) * len(search_space)
        return {name: np.asarray(column) for name, column in zip(search_space, columns, strict=True)}

    def _row(self, trial: FrozenTrial, space: Space, study: optuna.Study) -> Row:
        params = self._get_params(trial, study)
        if not space.keys() <= params.keys():
            return ()
        return tuple(distribution.to_internal_repr(params[name]) for name, distribution in space.items())
