"""The spec's keys of a Python call's trainings: of FxAI's agents, or of the user's engine."""

import copy
from collections.abc import Collection, Mapping
from typing import Any

from fxai.api.config_sections import Config, sections_of, set_nested
from fxai.api.field_names import field_of
from fxai.api.search_space import Space, constants_of, functions_of, is_constant, json_value, parameters_of
from fxai.errors import InputError
from fxai.objectives.engine import ARGUMENTS, OBJECTIVE
from fxai.spec.fields.training_config import algorithm_in
from fxai.spec.search.custom_config import DERIVED

MODEL, DATA, TRAINING = ARGUMENTS
SECTION_OF = {MODEL: "model", DATA: "data", TRAINING: "training", "env_config": "env"}


def agents(configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str]) -> dict[str, Any]:
    """`parameters` and `training_config` for FxAI's agents; `configs` are by argument name."""
    sections = sections_of({SECTION_OF[name]: config for name, config in configs.items()})
    paths = {name: field_of(name, algorithm_in(sections), mapping) for name in space}
    for name, value in constants_of(space).items():
        set_nested(sections, paths[name], json_value(value))
    return {"parameters": parameters_of(space, paths), "training_config": json_value(sections)}


def of_engine(
    engine: object, configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str]
) -> dict[str, Any]:
    """`objective`, `parameters` and `training_config` for the user's engine.

    The name of the engine's class, and the names and places of derived values, are part of the fingerprint. The code
    of functions that derive values is part of the engine's content.
    """
    kind = type(engine)
    config: dict[str, Any] = {"engine": f"{kind.__module__}.{kind.__qualname__}"}
    config |= {name: json_value(configs.get(name) or {}) for name in ARGUMENTS}
    paths, functions = engine_places(space, mapping), functions_of(space)
    for name, value in constants_of(space).items():
        set_nested(config, paths[name], json_value(value))
    searched = {name: value for name, value in space.items() if name not in functions}
    derived = {DERIVED: {name: paths[name] for name in functions}} if functions else {}
    _check_derived(paths, functions, searched, config)
    parameters = parameters_of(searched, paths)
    return {"objective": OBJECTIVE, "parameters": parameters, "training_config": {**config, **derived}}


def engine_places(space: Space, mapping: Mapping[str, str]) -> dict[str, str]:
    """The path that each name of a search space sets in an engine's configuration.

    A name is a path in `model_config`, unless it begins with the name of another configuration.
    """
    return {name: _place(mapping.get(name, name)) for name in space}


def _check_derived(
    paths: Mapping[str, str], derived: Collection[str], searched: Space, config: Mapping[str, Any]
) -> None:
    """Refuse a derived value at the place of another value, and a space without parameters to search."""
    if derived and all(is_constant(value) for value in searched.values()):
        raise InputError(
            "param_space has no parameter to search: tune.sample_from derives values from others; add a range or a "
            "choice, for example tune.choice([0, 1])"
        )
    placed = copy.deepcopy(dict(config))
    for name in derived:
        duplicates = [other for other, path in paths.items() if path == paths[name] and other != name]
        if duplicates:
            raise InputError(f"param_space: {name} and {duplicates[0]} both set {paths[name]}; keep one")
        set_nested(placed, paths[name], None)


def _place(path: str) -> str:
    return path if path.partition(".")[0] in ARGUMENTS else f"{MODEL}.{path}"
