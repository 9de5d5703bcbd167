"""A study of several objectives in which trials are pruned: Optuna's own refuses that.

Pruners, and TPE where it orders pruned trials, ask a study for its one direction. That of the objective by which
this study prunes is the answer; all else sees every objective.
"""

from optuna import Study
from optuna.pruners import BasePruner
from optuna.samplers import RandomSampler
from optuna.study import StudyDirection

from fxai.search.storage import WriteBehindStorage
from fxai.spec.study import StudySpec


class PrunedByOne(Study):
    """A stored study whose intermediate values are of one of its objectives."""

    def __init__(self, spec: StudySpec, storage: WriteBehindStorage, pruner: BasePruner) -> None:
        sampler = RandomSampler()  # `Search.ask` puts one of the spec's in its place
        super().__init__(spec.study_name, storage, sampler=sampler, pruner=pruner)
        self._pruning = StudyDirection[spec.direction.upper()]

    @property
    def direction(self) -> StudyDirection:
        return self._pruning
