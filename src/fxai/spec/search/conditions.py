"""Parameters that exist only where others have certain values: `when: {model.type: [gru, transformer]}`.

A condition names a parameter or any field of training_config. Where what it names is searched and does not
exist itself, the condition fails: a branch within a branch goes with it.
"""

from collections.abc import Callable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from fxai.spec.search.expression import same
from fxai.spec.search.parameters import Choice, Parameter


def in_order(parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The parameters as they are, but each after those that its conditions name.

    graphlib.CycleError where there is no such order.
    """
    sorter: TopologicalSorter[int] = TopologicalSorter()
    for place, parameter in enumerate(parameters):
        sorter.add(place, *(before for before, other in enumerate(parameters) if _decides(other, parameter)))
    return tuple(parameters[place] for place in sorter.static_order())


def circle(parameters: Sequence[Parameter]) -> tuple[str, ...]:
    """The names of parameters whose conditions go in a circle; empty where none do."""
    try:
        in_order(parameters)
    except CycleError as error:
        return tuple(parameters[place].name for place in error.args[1])
    return ()


def is_active(parameter: Parameter, values: Mapping[str, Choice]) -> bool:
    """Whether the parameter exists where names have these values."""
    conditions = parameter.when.items()
    return all(name in values and any(same(values[name], each) for each in wanted) for name, wanted in conditions)


def walk(
    parameters: Sequence[Parameter], values: Mapping[str, Choice], choose: Callable[[Parameter], Choice]
) -> dict[str, Choice]:
    """A value by `choose` for each parameter that exists, given the values chosen before it.

    `values` are those of training_config, by path and by parameter's name (`config_values`).
    """
    searched = {name for parameter in parameters for name in (parameter.name, parameter.path)}
    known = {name: value for name, value in values.items() if name not in searched}
    params: dict[str, Choice] = {}
    for parameter in in_order(parameters):
        if is_active(parameter, known):
            params[parameter.name] = known[parameter.name] = known[parameter.path] = choose(parameter)
    return params


def exclude_each_other(one: Parameter, other: Parameter) -> bool:
    """Whether some condition keeps the two from existing at once."""
    shared = one.when.keys() & other.when.keys()
    return any(not any(same(a, b) for a in one.when[name] for b in other.when[name]) for name in shared)


def _decides(other: Parameter, parameter: Parameter) -> bool:
    return other is not parameter and (other.name in parameter.when or other.path in parameter.when)
