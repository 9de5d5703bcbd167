"""Evaluates the constraints of a study at a point of its search space."""

from collections.abc import Mapping

from fxai.spec.search.configure import config_values, params_by_path
from fxai.spec.search.constraints import violation
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec


def violations(study: StudySpec, params: Mapping[str, Choice]) -> dict[str, float]:
    """Returns the violation of each constraint at a point, above 0 if the constraint is broken."""
    if not study.constraints:
        return {}
    values = {**config_values(study), **params_by_path(study.parameters, params), **params}
    return {constraint: violation(constraint, values) for constraint in study.constraints}


def violated_constraints(study: StudySpec, params: Mapping[str, Choice]) -> tuple[str, ...]:
    """Returns the constraints that a point breaks."""
    return tuple(constraint for constraint, amount in violations(study, params).items() if amount > 0)
