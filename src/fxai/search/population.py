"""Population based training: selects the trials that continue from other trials' weights, and their parameters.

Source: Jaderberg et al. 2017, arXiv 1711.09846. Exploit is truncation selection (section 4.1.1): a member of the lower
quantile continues from a random member of the upper quantile. All members are compared at the same step, so a decision
depends only on values and seed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from fxai.errors import InputError
from fxai.protocol import ParamValue
from fxai.search.pbt_history import Change, Exploit, Params
from fxai.search.pbt_perturbation import perturbed, resampled
from fxai.search.seeds import member_chance
from fxai.spec.checks.feasibility import violated_constraints
from fxai.spec.fields.per_lane_fields import varies_by_lane
from fxai.spec.search.conditions import active_params
from fxai.spec.search.configure import config_values, trial_settings
from fxai.spec.search.parameters import Choice, Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.study import StudySpec

_MAX_ATTEMPTS = 100  # attempts to find valid changed parameters
_DONOR_COUNTER = 0  # counter of the random number for the donor; counters of parameters follow

Chance = Callable[..., float]
"""Maps counters to a uniform random number on [0, 1)."""


@dataclass(frozen=True, slots=True)
class Member:
    """A trial of a population at a comparison."""

    number: int
    value: float
    params: Params


def exploits(study: StudySpec, search: PopulationSearch, members: Sequence[Member], step: int) -> dict[int, Exploit]:
    """Exploits at this step, by the number of the trial that changes; the other trials continue unchanged.

    With equal values, later trials continue from earlier trials: where no agent trades, all scores are 0 and only
    changed parameters help.
    """
    sign = -1 if study.direction == "maximize" else 1
    ranked = sorted(members, key=lambda member: (sign * member.value, member.number))
    count = min(ceil(search.quantile * len(ranked)), len(ranked) // 2)
    best, worst = ranked[:count], ranked[len(ranked) - count :]
    found = {}
    for member in worst:
        chance = _random_numbers(study.seed, step, member.number)
        donor = best[int(chance(_DONOR_COUNTER) * count)]
        params, changes = explore(study, search, donor.params, chance)
        found[member.number] = Exploit(step, donor.number, dict(member.params), params, changes)
    return found


def explore(
    study: StudySpec, search: PopulationSearch, params: Params, chance: Chance
) -> tuple[dict[str, ParamValue], dict[str, Change]]:
    """A donor's parameters with changes, and the kind of each change.

    Parameters that a running training cannot change are kept. Conditional parameters are added and removed with their
    conditions. If the result violates a constraint or is not a valid configuration, other changes are drawn; if none is
    found, the donor's parameters are returned.
    """
    values = config_values(study)
    for attempt in range(_MAX_ATTEMPTS):
        changes = {
            each.name: _change(each, params, search, chance, (place, attempt))
            for place, each in _numbered_parameters(study)
        }
        proposed = {name: value for name, (value, _) in changes.items()}
        changed = active_params(study.parameters, values, lambda each: proposed[each.name])  # noqa: B023  # called at once
        if _network_params(study, changed) == _network_params(study, params) and _is_trainable(study, changed):
            return changed, {name: changes[name][1] for name in changed}
    return dict(params), dict.fromkeys(params, Change.KEPT)


def _numbered_parameters(study: StudySpec) -> Iterable[tuple[int, Parameter]]:
    return enumerate(study.parameters, start=_DONOR_COUNTER + 1)


def _change(
    parameter: Parameter, params: Params, search: PopulationSearch, chance: Chance, counters: tuple[int, int]
) -> tuple[Choice, Change]:
    if parameter.name in params and not varies_by_lane(parameter.path):
        return params[parameter.name], Change.KEPT
    if parameter.name not in params or chance(*counters, 0) < search.resample_probability:
        return resampled(parameter, chance(*counters, 1)), Change.RESAMPLED
    factor = search.perturbation[int(chance(*counters, 2) * len(search.perturbation))]
    return perturbed(parameter, params[parameter.name], factor), Change.PERTURBED


def _network_params(study: StudySpec, params: Params) -> Params:
    """Parameters that a running training cannot change, and so must not be added or removed."""
    kept = (each.name for each in study.parameters if not varies_by_lane(each.path))
    return {name: params[name] for name in kept if name in params}


def _is_trainable(study: StudySpec, params: Mapping[str, Choice]) -> bool:
    try:
        trial_settings(study, params)
    except InputError:
        return False
    return not violated_constraints(study, params)


def _random_numbers(seed: int, step: int, number: int) -> Chance:
    return lambda *counters: member_chance(seed, step, number, *counters)
