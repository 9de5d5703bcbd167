"""Whether a range can go further than it was searched: some end where the field that they set does."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from fxai.errors import InputError
from fxai.results.report.scales import Scale
from fxai.results.stability import Edge
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure
from fxai.spec.search.fingerprint import paths_of
from fxai.spec.search.parameters import is_number

_FURTHER = 0.1  # of the range
_TIMES = 2.0  # on a logarithmic scale, and of choices


def can_go_beyond(edge: Edge, scale: Scale, made_of: Mapping[str, Any]) -> bool:
    """Whether the parameter's field takes a value beyond the edge; of the user's own fields nothing is known."""
    if "data" not in made_of or not is_number(edge.bound):
        return True
    value = _beyond(edge.bound, edge.side, scale)
    try:
        config = TrainingConfig.model_validate(made_of["training_config"])
        configure(config, {paths_of(made_of)[edge.name]: value})
    except (InputError, ValidationError):
        return False
    return True


def _beyond(bound: float, side: str, scale: Scale) -> float:
    sign = 1 if side == "high" else -1
    if scale.log or scale.choices:
        value = bound * _TIMES**sign
    else:
        step = _FURTHER * (scale.high - scale.low)
        value = bound + sign * (max(step, 1.0) if scale.whole else step)
    return round(value) if isinstance(bound, int) else value
