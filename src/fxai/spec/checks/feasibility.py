"""Whether a point of a study's space keeps its constraints."""

from collections.abc import Mapping

from fxai.spec.search.configure import config_values, located
from fxai.spec.search.constraints import violation
from fxai.spec.search.parameters import Choice
from fxai.spec.search.study import StudySpec


def violations(study: StudySpec, params: Mapping[str, Choice]) -> dict[str, float]:
    """How far the point is from keeping each constraint, above 0 where it is broken."""
    if not study.constraints:
        return {}
    values = {**config_values(study), **located(study.parameters, params), **params}
    return {constraint: violation(constraint, values) for constraint in study.constraints}


def broken(study: StudySpec, params: Mapping[str, Choice]) -> tuple[str, ...]:
    """The constraints that the point breaks."""
    return tuple(constraint for constraint, amount in violations(study, params).items() if amount > 0)
