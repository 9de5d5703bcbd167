"""Population based training: which members go on from whose weights, and under which parameters.

Jaderberg et al. 2017, arXiv 1711.09846. Exploiting is truncation selection (section 4.1.1): a member of the
lower quantile takes the place of one drawn from the upper. Members are compared at the same step, all of
them at once, so that a decision hangs on no clock and on nothing but values and seed.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil

from fxai.errors import InputError
from fxai.protocol import ParamValue
from fxai.search.pbt_history import Change, Exploit, Params
from fxai.search.pbt_perturbation import drawn, perturbed
from fxai.search.seeds import member_chance
from fxai.spec.checks.feasibility import broken
from fxai.spec.fields.varying_fields import may_change
from fxai.spec.search.conditions import walk
from fxai.spec.search.configure import config_values, trial_settings
from fxai.spec.search.parameters import Choice, Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.study import StudySpec

_TRIES = 100  # to find changed parameters that may be trained
_OF_DONOR = 0  # counter of the draw that chooses a donor; those of parameters follow

Chance = Callable[..., float]
"""A number that is uniform on [0, 1), by counters."""


@dataclass(frozen=True, slots=True)
class Member:
    """A trial of a population, where all are compared."""

    number: int
    value: float
    params: Params


def exploits(study: StudySpec, search: PopulationSearch, members: Sequence[Member], step: int) -> dict[int, Exploit]:
    """What changes at this step, by the members that it changes; the others go on as they are.

    Of equals the later ones go on from the earlier: where agents that trade nothing all score 0, only a
    change of parameters helps.
    """
    sign = -1 if study.direction == "maximize" else 1
    ranked = sorted(members, key=lambda member: (sign * member.value, member.number))
    count = min(ceil(search.quantile * len(ranked)), len(ranked) // 2)
    best, worst = ranked[:count], ranked[len(ranked) - count :]
    found = {}
    for member in worst:
        chance = _chances(study.seed, step, member.number)
        donor = best[int(chance(_OF_DONOR) * count)]
        params, changes = explore(study, search, donor.params, chance)
        found[member.number] = Exploit(step, donor.number, dict(member.params), params, changes)
    return found


def explore(
    study: StudySpec, search: PopulationSearch, params: Params, chance: Chance
) -> tuple[dict[str, ParamValue], dict[str, Change]]:
    """A donor's parameters with changes, and what became of each.

    What a running training cannot change stays. Parameters that exist only for certain values of others come
    and go with these. Where changes break a constraint or make no configuration others are drawn; the
    donor's own stay where none are found.
    """
    values = config_values(study)
    for attempt in range(_TRIES):
        changes = {each.name: _change(each, params, search, chance, (place, attempt)) for place, each in _placed(study)}
        proposed = {name: value for name, (value, _) in changes.items()}
        changed = walk(study.parameters, values, lambda each: proposed[each.name])  # noqa: B023  # called at once
        if _of_network(study, changed) == _of_network(study, params) and _may_be_trained(study, changed):
            return changed, {name: changes[name][1] for name in changed}
    return dict(params), dict.fromkeys(params, Change.KEPT)


def _placed(study: StudySpec) -> Iterable[tuple[int, Parameter]]:
    return enumerate(study.parameters, start=_OF_DONOR + 1)


def _change(
    parameter: Parameter, params: Params, search: PopulationSearch, chance: Chance, counters: tuple[int, int]
) -> tuple[Choice, Change]:
    if parameter.name in params and not may_change(parameter.path):
        return params[parameter.name], Change.KEPT
    if parameter.name not in params or chance(*counters, 0) < search.resample_probability:
        return drawn(parameter, chance(*counters, 1)), Change.RESAMPLED
    factor = search.perturbation[int(chance(*counters, 2) * len(search.perturbation))]
    return perturbed(parameter, params[parameter.name], factor), Change.PERTURBED


def _of_network(study: StudySpec, params: Params) -> Params:
    """What a running training cannot change, and so must neither come nor go."""
    kept = (each.name for each in study.parameters if not may_change(each.path))
    return {name: params[name] for name in kept if name in params}


def _may_be_trained(study: StudySpec, params: Mapping[str, Choice]) -> bool:
    try:
        trial_settings(study, params)
    except InputError:
        return False
    return not broken(study, params)


def _chances(seed: int, step: int, number: int) -> Chance:
    return lambda *counters: member_chance(seed, step, number, *counters)
