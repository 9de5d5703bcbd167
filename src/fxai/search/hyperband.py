"""Hyperband under the name of another study.

Optuna takes a trial's bracket from its number and the study's name, so a study that replays another, under a name
of its own, would prune by other brackets.
"""

from types import SimpleNamespace
from typing import Any

from optuna.pruners import HyperbandPruner
from optuna.trial import FrozenTrial


class HyperbandOf(HyperbandPruner):
    """With the brackets that the study of that name has; arguments are Optuna's."""

    def __init__(self, study_name: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._named = SimpleNamespace(study_name=study_name)

    def _get_bracket_id(self, study: Any, trial: FrozenTrial) -> int:  # noqa: ARG002  # asked for no more than its name
        return super()._get_bracket_id(self._named, trial)  # type: ignore[arg-type]
