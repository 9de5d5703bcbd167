"""The algorithm as a parameter of the search: `training.algorithm` with choices such as `[d3qn, double_dqn, ppo]`.

In a trial of another algorithm than that of training_config, the keys that all algorithms share keep the values of
training_config, and the other keys have the defaults of the algorithm. A choice that names a variant of DQN, or `dqn`,
sets all switches.
"""

from collections.abc import Iterable
from typing import Any

from fxai.spec.fields.algorithm import ALGORITHMS, algorithm_named
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.algorithm_names import SWITCHES, VARIANTS, known_name, with_switches
from fxai.spec.fields.dqn_config import DqnConfig
from fxai.spec.search.config_fields import ALGORITHM_PATH
from fxai.spec.search.expression import same
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter


def algorithm_parameter(parameters: Iterable[Parameter]) -> CategoricalParameter | None:
    """Returns the parameter that chooses the algorithm, or None."""
    chosen = (each for each in parameters if each.path == ALGORITHM_PATH and isinstance(each, CategoricalParameter))
    return next(chosen, None)


def algorithms_of(parameter: Parameter, chooser: CategoricalParameter | None, own: str) -> tuple[str, ...]:
    """Returns the algorithms in whose trials a parameter may exist.

    Args:
        parameter: The parameter.
        chooser: The parameter that chooses the algorithm.
        own: The algorithm of training_config.
    """
    if chooser is None:
        return (own,)
    choices = [each for each in chooser.choices if suits_algorithm(parameter, chooser, each)]
    return tuple(dict.fromkeys(algorithm_named(each) for each in choices)) or (own,)


def suits_algorithm(parameter: Parameter, chooser: CategoricalParameter, choice: Choice) -> bool:
    """Whether a parameter may exist in trials with a choice of the algorithm, by its condition on the algorithm."""
    wanted = [*parameter.when.get(chooser.name, ()), *parameter.when.get(ALGORITHM_PATH, ())]
    return not wanted or any(same(choice, other) for other in wanted)


def with_algorithm(section: AlgorithmConfig, name: Choice) -> dict[str, Any]:
    """Returns a section `training` with another algorithm, not yet validated; see the module."""
    if algorithm_named(name) == section.algorithm:
        return {**section.model_dump(exclude=set(SWITCHES)), "algorithm": name}
    return {**section.model_dump(include=set(AlgorithmConfig.model_fields)), "algorithm": name}


def default_section(section: AlgorithmConfig, name: Choice) -> AlgorithmConfig:
    """Returns the section of trials with a known algorithm without their parameters, which may make it valid."""
    record = ALGORITHMS.get(algorithm_named(name), type(section))
    return record.model_construct(**with_switches(with_algorithm(section, name)))


def chosen_name(section: AlgorithmConfig, choices: Iterable[Choice]) -> Choice:
    """Returns the choice that stands for the algorithm of training_config and its switches; else its name."""
    switches = {name: getattr(section, name) for name in SWITCHES} if isinstance(section, DqnConfig) else {}
    on = tuple(name for name, is_on in switches.items() if is_on)
    meant = next((name for name, variant in VARIANTS.items() if variant == on), section.algorithm)
    return next((each for each in choices if known_name(each) == meant), meant)
