"""Conditional parameters, which exist only if others have certain values: `when: {model.type: [gru, transformer]}`.

A condition names a parameter or a field of training_config. A condition on a parameter that does not exist in a trial
is false, so that nested branches are inactive together.
"""

from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from fxai.spec.search.expression import same
from fxai.spec.search.parameters import Choice, Parameter


def in_order(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """Returns the parameters sorted so that each follows those that its conditions name.

    Raises:
        graphlib.CycleError: The conditions are circular.
    """
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for place, parameter in enumerate(parameters):
        sorter.add(place, *(before for before, other in enumerate(parameters) if _decides(other, parameter)))
    return tuple(parameters[place] for place in sorter.static_order())


def circular_conditions(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """Returns the names of parameters with circular conditions; empty if there are none."""
    try:
        in_order(parameters)
    except CycleError as error:
        return tuple(parameters[place].name for place in error.args[1])
    return ()


def is_active(parameter: Parameter, values: Mapping[str, Choice]) -> bool:
    """Whether the parameter exists for these values by name."""
    conditions = parameter.when.items()
    return all(name in values and any(same(values[name], each) for each in wanted) for name, wanted in conditions)


def active_params(
    parameters: Sequence[Parameter], values: Mapping[str, Choice], choose: Callable[[Parameter], Choice]
) -> dict[str, Choice]:
    """Returns a value for each parameter that exists, given the values chosen before it.

    Args:
        parameters: The search space.
        values: The values of training_config, by path and by parameter's name (`config_values`).
        choose: Returns the value of a parameter.
    """
    searched = {name for parameter in parameters for name in (parameter.name, parameter.path)}
    known = {name: value for name, value in values.items() if name not in searched}
    params: dict[str, Choice] = {}
    for parameter in in_order(parameters):
        if is_active(parameter, known):
            params[parameter.name] = known[parameter.name] = known[parameter.path] = choose(parameter)
    return params


def exclude_each_other(one: Parameter, other: Parameter) -> bool:
    """Whether the conditions of two parameters never hold together."""
    shared = one.when.keys() & other.when.keys()
    return any(not any(same(a, b) for a in one.when[name] for b in other.when[name]) for name in shared)


def _decides(other: Parameter, parameter: Parameter) -> bool:
    return other is not parameter and (other.name in parameter.when or other.path in parameter.when)
