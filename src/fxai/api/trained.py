"""What trials train, in a spec's keys: FxAI's own agents, or an engine of the user's own."""

from collections.abc import Mapping
from typing import Any

from fxai.api.config_sections import Config, algorithm_in, sections_of, set_nested
from fxai.api.field_names import field_of
from fxai.api.search_space import Space, constants_of, parameters_of, plain
from fxai.objectives.engine import ARGUMENTS, OBJECTIVE

MODEL, DATA, TRAINING = ARGUMENTS
SECTION_OF = {MODEL: "model", DATA: "data", TRAINING: "training", "env_config": "env"}


def agents(configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str]) -> dict[str, Any]:
    """Of configurations by their argument's name; see `config_sections.py` and `field_names.py`."""
    sections = sections_of({SECTION_OF[name]: config for name, config in configs.items()})
    paths = {name: field_of(name, algorithm_in(sections), mapping) for name in space}
    for name, value in constants_of(space).items():
        set_nested(sections, paths[name], plain(value))
    return {"parameters": parameters_of(space, paths), "training_config": plain(sections)}


def of_engine(
    engine: object, configs: Mapping[str, Config | None], space: Space, mapping: Mapping[str, str]
) -> dict[str, Any]:
    """The engine's class is part of what the study is made of: another one's trials are no part of it.

    A name is a place in `model_config`, unless it begins with the name of one of the others.
    """
    kind = type(engine)
    config: dict[str, Any] = {"engine": f"{kind.__module__}.{kind.__qualname__}"}
    config |= {name: plain(configs.get(name) or {}) for name in ARGUMENTS}
    paths = {name: _place(mapping.get(name, name)) for name in space}
    for name, value in constants_of(space).items():
        set_nested(config, paths[name], plain(value))
    return {"objective": OBJECTIVE, "parameters": parameters_of(space, paths), "training_config": config}


def _place(path: str) -> str:
    return path if path.partition(".")[0] in ARGUMENTS else f"{MODEL}.{path}"
