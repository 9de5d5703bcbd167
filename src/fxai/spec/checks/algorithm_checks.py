"""Checks of a search among algorithms: the choices of `training.algorithm`."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pydantic import ValidationError

from fxai.spec.checks.study_parts import Placed
from fxai.spec.fields.algorithm import unknown_algorithm
from fxai.spec.fields.algorithm_names import SWITCHES, known_name
from fxai.spec.fields.ensemble_training import ENSEMBLE
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.config_fields import ALGORITHM_PATH
from fxai.spec.search.findings import Finding, findings_of
from fxai.spec.search.parameters import CategoricalParameter, Choice, Parameter
from fxai.spec.search.searched_algorithm import with_algorithm
from fxai.spec.yaml.yaml_source import KeyPath


def algorithm_problems(
    parameters: Sequence[Placed], fixed: Mapping[str, Choice], config: TrainingConfig
) -> Iterator[Finding]:
    """Yields choices that are no algorithms or contradict training_config, and switches searched beside them."""
    others = [*(each.path for _, each in parameters), *fixed]
    choosers = [(place, each) for place, each in parameters if each.path == ALGORITHM_PATH]
    for place, parameter in choosers:
        if config.training.algorithm == ENSEMBLE:
            yield Finding(_where(place, parameter), "an ensemble's kinds are searched as ensemble.agents.0 and so on")
            return
        if not isinstance(parameter, CategoricalParameter):
            yield Finding((*place, "type"), f"{parameter.name} is not a number; use categorical")
            continue
        for index, choice in enumerate(parameter.choices):
            where = (*place, "choices", index)
            if known_name(choice) is None:
                yield Finding(where, unknown_algorithm(choice))
            elif message := _misfit(config, choice, others):
                yield Finding(where, f"{choice!r} does not fit training_config: {message}")
    for place, parameter in parameters:
        if choosers and parameter.path.removeprefix("training.") in SWITCHES:
            where = _where(place, parameter)
            yield Finding(where, f"is set by the names in the choices of {choosers[0][1].name}; remove it")


def _where(place: KeyPath, parameter: Parameter) -> KeyPath:
    return (*place, "name" if parameter.path == parameter.name else "path")


def _misfit(config: TrainingConfig, choice: Choice, others: Iterable[str]) -> str | None:
    """Returns why no trial can have the algorithm with the values of training_config, or None.

    Values that are searched or fixed may make it fit, so nothing is said if one sets another key of the section.
    """
    tree = {**config.model_dump(), "training": with_algorithm(config.training, choice)}
    try:
        TrainingConfig.model_validate(tree)
    except ValidationError as error:
        if not any(path.startswith("training.") and path != ALGORITHM_PATH for path in others):
            return findings_of(error, tree)[0].message
    return None
