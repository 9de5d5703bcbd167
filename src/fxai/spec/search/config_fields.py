"""The dotted paths of training_config: which there are depends on the algorithm."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic.fields import FieldInfo

from fxai.spec.fields.algorithm import ALGORITHMS
from fxai.spec.fields.algorithm_config import AlgorithmConfig
from fxai.spec.fields.field_paths import leaves
from fxai.spec.fields.model_config import MOST_LAYERS, Width
from fxai.spec.fields.suggestion import did_you_mean
from fxai.spec.fields.training_config import TrainingConfig

ALGORITHM_PATH = "training.algorithm"
ONE_STUDY_EACH = (
    f"{ALGORITHM_PATH!r} cannot be searched, since each algorithm has parameters of its own; "
    "write one study per algorithm, with the algorithm under training_config.training"
)
WIDTHS = "model.widths"  # whose items are fields of their own: model.widths.0 is the first layer's
_WIDTH = FieldInfo.from_annotation(Width)
_SECTION = "training."


@cache
def config_fields(algorithm: str) -> Mapping[str, FieldInfo]:
    """Every field by dotted path, layers' widths one by one; for an algorithm that nobody knows those of all."""
    chosen = (ALGORITHMS[algorithm],) if algorithm in ALGORITHMS else tuple(ALGORITHMS.values())
    fields = {path: field for one in chosen for path, field in leaves(TrainingConfig, chosen=one)}
    return MappingProxyType(fields | {f"{WIDTHS}.{layer}": _WIDTH for layer in range(MOST_LAYERS)})


def fields_of(config: TrainingConfig) -> Mapping[str, FieldInfo]:
    """The fields that this configuration has: of the layers' widths those that it gives."""
    given = len(config.model.widths or ())
    missing = {f"{WIDTHS}.{layer}" for layer in range(given, MOST_LAYERS)}
    fields = config_fields(config.training.algorithm)
    return {path: field for path, field in fields.items() if path not in missing}


def all_config_fields() -> Mapping[str, FieldInfo]:
    """Every field of every algorithm by dotted path."""
    return config_fields("")


def unknown_path(path: str, algorithm: str) -> str:
    """Why a configuration with this algorithm has no such field, with the nearest one that it has."""
    known = config_fields(algorithm)
    if path.startswith(f"{WIDTHS}."):
        return f"training_config has no {path!r}; layers are {WIDTHS}.0 to {WIDTHS}.{MOST_LAYERS - 1}"
    if any(each.startswith(f"{path}.") for each in known):
        return f"{path!r} is a section of training_config; name one of its keys"
    if path in all_config_fields():
        return foreign_key(path.removeprefix(_SECTION), algorithm, _SECTION)
    return f"training_config has no {path!r}{did_you_mean(path, known)}"


def foreign_key(key: str, algorithm: str, section: str = "") -> str:
    """What to say of a key of the section `training` that only other algorithms have.

    It is spelt right, so that a key of like spelling would mean something else: all that there are instead.
    """
    owners = " and ".join(name for name, record in ALGORITHMS.items() if key in record.model_fields)
    own = [name for name in ALGORITHMS[algorithm].model_fields if name not in AlgorithmConfig.model_fields]
    return f"{algorithm} has no {section + key!r}, a key of {owners}; {algorithm} has {', '.join(own)}"
