# ruff: noqa: SLF001 -- it replaces private methods of Optuna
"""Optuna's TPE with a cache of intermediate results between trials.

There is a new sampler for each trial (`samplers.py`). Optuna's sampler reads all finished trials for each proposal: for
the common search space, to rank the trials, for the internal representation of their parameters and for the density of
the trials that are not among the best. Here these are kept from proposal to proposal (`tpe_history.py`,
`tpe_density.py`). The proposals equal those of Optuna exactly; tests compare both.

Studies with several objectives and brackets of Hyperband use Optuna's code with a cache of internal representations.
The results are computed in private methods of Optuna. If another version does not call them, the sampler is slower,
with the same proposals.
"""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import optuna
from optuna.samplers._tpe.parzen_estimator import _ParzenEstimator
from optuna.samplers._tpe.sampler import default_gamma
from optuna.search_space import IntersectionSearchSpace
from optuna.trial import FrozenTrial

from fxai.search.study_views import PrunedBySingleObjective
from fxai.search.tpe_density import LEAST_TRIALS, ManyTrialsEstimator, Normalizations
from fxai.search.tpe_history import Places, Space, SpaceRows, TpeHistory

Row: TypeAlias = tuple[float, ...]  # a trial's parameters in internal representation; empty if a parameter is missing


@dataclass(slots=True)
class TpeCache:
    """Results about the finished trials of one study, shared by its samplers."""

    common_space: IntersectionSearchSpace = field(default_factory=lambda: IntersectionSearchSpace(include_pruned=True))
    rows: dict[tuple[str, ...], tuple[Space, dict[int, Row]]] = field(default_factory=dict)
    history: TpeHistory | None = None  # of a study with one objective
    normalizations: dict[tuple[str, ...], dict[str, Normalizations]] = field(default_factory=dict)

    def rows_in(self, space: Space) -> dict[int, Row]:
        """Rows of the given space by trial number; empty if the parameters had other ranges before."""
        names = tuple(space)
        known = self.rows.get(names)
        if known is None or known[0] != space:
            known = self.rows[names] = (dict(space), {})
        return known[1]


class CachedTPESampler(optuna.samplers.TPESampler):
    """TPE for one trial of a study; `cache` must be set before use."""

    cache: TpeCache
    shares_common_space: bool

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> Space:
        if not self.shares_common_space:
            return super().infer_relative_search_space(study, trial)
        history = self._updated_history(study)
        if history is None:
            space = self.cache.common_space.calculate(study)
        else:
            space = dict(sorted((history.common_space or {}).items()))
        return {name: distribution for name, distribution in space.items() if not distribution.single()}

    def _updated_history(self, study: optuna.Study) -> TpeHistory | None:
        """The study's trials; None for a study of several objectives and for a part of a study."""
        if type(study) is not PrunedBySingleObjective or len(study.directions) > 1:
            return None
        if self.cache.history is None:
            self.cache.history = TpeHistory(study.direction)
        trials = study._storage.get_all_trials(study._study_id, deepcopy=False)
        self.cache.history.update(trials, lambda trial: self._get_params(trial, study))
        return self.cache.history

    def _sample(self, study: optuna.Study, trial: FrozenTrial, search_space: Space) -> dict[str, Any]:
        history = self._updated_history(study)
        if history is None or self._gamma is not None:
            return super()._sample(study, trial, search_space)
        below, above = history.split(default_gamma, without=trial.number, running=self._constant_liar)
        rows = history.rows(search_space, lambda trial: self._get_params(trial, study))
        below, above = below[rows.known[below]], above[rows.known[above]]
        better = self._estimator(rows, below)
        if len(above) < LEAST_TRIALS:
            others = self._estimator(rows, above)
        else:
            kept = self.cache.normalizations.setdefault(tuple(search_space), {})
            others = ManyTrialsEstimator(rows, above, self._parzen_estimator_parameters, kept)
        samples = better.sample(self._rng.rng, self._n_ei_candidates)
        best = self._compare(samples, self._compute_acquisition_func(samples, better, others))
        return {name: space.to_external_repr(best[name]) for name, space in search_space.items()}

    def _estimator(self, rows: SpaceRows, places: Places) -> _ParzenEstimator:
        observations = dict(zip(rows.space, np.ascontiguousarray(rows.values[places].T), strict=True))
        return _ParzenEstimator(observations, rows.space, self._parzen_estimator_parameters)

    def _get_internal_repr(
        self, trials: list[FrozenTrial], search_space: Space, study: optuna.Study
    ) -> dict[str, np.ndarray]:
        known = self.cache.rows_in(search_space)
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
