"""Finds the field of the training configuration that a parameter's name means."""

from collections.abc import Mapping

from fxai.spec.reading.hpo_file import hpo_file
from fxai.spec.search.config_fields import config_fields

SECTIONS = ("data", "env", "model", "training", "ensemble")
SYNONYMS: Mapping[str, str] = {
    "lr": "training.learning_rate",
    "hidden": "model.d_model",
    "hidden_size": "model.d_model",
    "hidden_units": "model.d_model",
    "model.layers.hidden_units": "model.d_model",
}
SECTION_SYNONYMS: Mapping[str, str] = {"hyperparameters": "training"}


def field_of(name: str, algorithm: str, mapping: Mapping[str, str]) -> str:
    """The dotted path of the field that a name means.

    The order is: `mapping`, a path of a field, a synonym, a name in `config/base/hpo.yaml`, a field that only one
    section has, such as `gamma`.

    Returns:
        The path; the name itself if it means no field, which the validation refuses.
    """
    fields = config_fields(algorithm)
    path = mapping.get(name, name)
    section, dot, rest = path.partition(".")
    if path in fields:
        return path
    if path in SYNONYMS:
        return SYNONYMS[path]
    if dot and section in SECTION_SYNONYMS:
        return field_of(rest, algorithm, {}) if "." not in rest else f"{SECTION_SYNONYMS[section]}.{rest}"
    if path in (named := hpo_file().param_mapping):
        return named[path]
    matches = [field for field in fields if field.rpartition(".")[2] == path]
    return matches[0] if len(matches) == 1 else path
