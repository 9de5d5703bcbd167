"""The JSON Schema of a spec in its YAML form, for editors."""

from typing import Any

from fxai.spec.fields.algorithm import ALGORITHMS, DEFAULT_ALGORITHM, algorithm_named
from fxai.spec.fields.algorithm_names import NAMES, SPELLINGS
from fxai.spec.fields.ensemble_training import EnsembleTraining
from fxai.spec.fields.import_path import IMPORTED
from fxai.spec.fields.llm_signal_config import LlmSignalConfig
from fxai.spec.fields.objective import FX_TRADING, LLM_SIGNAL, SHIPPED
from fxai.spec.fields.record import Record
from fxai.spec.reading.hpo_file import hpo_file
from fxai.spec.reading.translate_spec import SHARED
from fxai.spec.search.class_names import CLASS_NAMES, CLASSES, SHORT_NAMES
from fxai.spec.search.metrics import METRICS
from fxai.spec.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from fxai.spec.search.study import Spec
from fxai.spec.search.translate_parameter import NORMAL, RENAMED, STEPPED, TYPES

JsonSchema = dict[str, Any]
_KINDS: dict[str, type[Record]] = {"float": FloatParameter, "int": IntParameter, "categorical": CategoricalParameter}
_NULL = {"type": "null"}
_UNTYPED = ("float", "categorical")  # whose schemas hold for parameters without a type; a whole number is a number
_NORMAL: dict[str, Any] = {
    "mean": {"description": "middle of the range, and the value of trial 0", "type": "number", "default": 0},
    "sd": {
        "description": "standard deviation: a third of the distance from the mean to each end of the range",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1,
    },
}
_IMPORT_PATH = r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*[.:][A-Za-z_]\w*$"
_OBJECTIVE = rf"^({'|'.join(SHIPPED)})$|^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$"
_ARGUMENTS = {
    "description": "arguments of the class that the extended file names",
    "type": "object",
    "not": {"required": ["type"]},
}


def json_schema() -> JsonSchema:
    """JSON Schema (draft 2020-12) of the YAML form, with all synonyms."""
    schema = Spec.model_json_schema()
    definitions = schema["$defs"]
    study = definitions["StudySpec"]["properties"]
    for definition in definitions.values():
        _refine(definition)
    for key in CLASSES:
        study[key] = _class(key, definitions, study[key])
        definitions["Preset"]["properties"][key] = study[key]
    for record in _KINDS.values():
        del definitions[record.__name__]
    definitions |= {f"parameter_{name}": _parameter(name) for name in TYPES}
    study["parameters"] = _parameters()
    definitions["TrainingConfig"] |= _training(definitions)
    _by_objective(definitions)
    study["validation"] = {
        "description": "how trials are validated: walk_forward and combinatorial train each trial on several folds; "
        "`episodes` scores the validation split in equal parts, each one episode",
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "walk_forward": {"anyOf": [{"$ref": "#/$defs/WalkForwardConfig"}, _NULL]},
            "combinatorial": {"anyOf": [{"$ref": "#/$defs/CombinatorialConfig"}, _NULL]},
            "episodes": {"type": "integer", "minimum": 2},
        },
    }
    study["eval_frequency"] = {
        "description": "eval_frequency of training_config.training",
        "type": "integer",
        "minimum": 1,
    }
    study["n_jobs"]["anyOf"].append({"const": -1})
    study["param_mapping"] = {
        "description": "fields of training_config for names of your own, as lr: training.learning_rate",
        "type": "object",
        "additionalProperties": {"type": "string"},
    }
    for key in SHARED:
        schema["properties"][key] = {**study[key], "description": f"default of all studies: {_about(study[key])}"}
    _extend(schema, definitions["StudySpec"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _class(kind: str, definitions: JsonSchema, records: JsonSchema) -> JsonSchema:
    """Schema of a sampler or pruner: a name, a name with arguments, or arguments for a class of the extended file."""
    names = {"enum": [*CLASS_NAMES[kind], *SHORT_NAMES[kind]]}
    for name in CLASS_NAMES[kind]:
        short = [each for each, meant in SHORT_NAMES[kind].items() if meant == name]
        definitions[name]["properties"]["type"] = {"enum": [name, *short]}
    path = {"type": "string", "pattern": _IMPORT_PATH}
    definitions[f"Imported{kind.capitalize()}"]["properties"]["type"] = path
    return {"description": f"class of Optuna, or {IMPORTED}", "anyOf": [records, names, path, _ARGUMENTS, _NULL]}


def _extend(schema: JsonSchema, study: JsonSchema) -> None:
    """Make keys optional in a file with `extends`, and `parameters` in a study with `search_space`."""
    schema["properties"]["extends"] = {"description": "spec that this file extends, by name or path", "type": "string"}
    study["properties"]["extends"] = {
        "description": "study of the extended file that this study extends",
        "type": "string",
    }
    study["properties"]["search_space"] = {
        "description": "search space of config/base/hpo.yaml by name; parameters of the study replace its parameters",
        "enum": list(hpo_file().search_spaces),
    }
    searched = {"anyOf": [{"required": ["parameters"]}, {"required": ["search_space"]}]}
    whole = {"required": [key for key in study.pop("required") if key != "parameters"], **searched}
    schema["if"] = {"not": {"required": ["extends"]}}
    schema["then"] = {"required": schema.pop("required"), "properties": {"studies": {"items": whole}}}


def _by_objective(definitions: JsonSchema) -> None:
    """Schemas of `training_config` and metrics: fixed for shipped objectives, free for custom code."""
    study = definitions["StudySpec"]
    own = {"required": ["objective"], "properties": {"objective": {"not": {"const": FX_TRADING}}}}
    about = "base configuration of all trials"
    trading = {"description": about, "anyOf": [{"$ref": "#/$defs/TrainingConfig"}, _NULL]}
    free = {"description": about, "type": ["object", "null"]}
    signals = LlmSignalConfig.model_json_schema(ref_template="#/$defs/{model}")
    for name, definition in {**signals.pop("$defs"), LlmSignalConfig.__name__: signals}.items():
        if name not in definitions:
            _refine(definition)
            definitions[name] = definition
    of_signals = {"required": ["objective"], "properties": {"objective": {"const": LLM_SIGNAL}}}
    signal = {"description": about, "$ref": f"#/$defs/{LlmSignalConfig.__name__}"}
    metric = {"enum": list(METRICS)}
    study["if"] = own
    study["then"] = {
        "if": of_signals,
        "then": {"properties": {"training_config": signal, "metric_name": metric}},
        "else": {"properties": {"training_config": free}},
    }
    study["else"] = {"properties": {"training_config": trading, "metric_name": metric}}
    study["properties"]["training_config"] = {"description": about}
    study["properties"]["objective"]["anyOf"][0] = {"type": "string", "pattern": _OBJECTIVE}
    del definitions["CustomConfig"]


def _refine(definition: JsonSchema) -> None:
    """Require `type` beside the arguments of a class, and allow empty sections."""
    properties = definition.get("properties", {})
    if properties.get("type", {}).get("const") == definition.get("title"):
        definition["required"] = ["type", *definition.get("required", ())]
    for name, value in properties.items():
        if "$ref" in value:
            properties[name] = {"anyOf": [value, _NULL]}


def _training(definitions: JsonSchema) -> JsonSchema:
    """Schema of the section `training`, with agents in the section `ensemble` and without.

    Without `algorithm` it is that of the default algorithm.
    """
    for name, record in ALGORITHMS.items():
        if name != DEFAULT_ALGORITHM:
            definitions[record.__name__]["required"] = ["algorithm"]
    for name, record in ALGORITHMS.items():
        spellings = [each for each in (*NAMES, *SPELLINGS) if algorithm_named(each) == name]
        definitions[record.__name__]["properties"]["algorithm"] |= {"enum": spellings}
        del definitions[record.__name__]["properties"]["algorithm"]["const"]
    references: list[JsonSchema] = [{"$ref": f"#/$defs/{record.__name__}"} for record in ALGORITHMS.values()]
    of_ensemble: JsonSchema = {"$ref": f"#/$defs/{EnsembleTraining.__name__}"}
    about = {"description": "algorithm, budget and learning rate", "anyOf": [*references, of_ensemble, _NULL]}
    return {
        "properties": {**definitions["TrainingConfig"]["properties"], "training": about},
        "if": {"required": ["ensemble"], "properties": {"ensemble": {"required": ["agents"]}}},
        "then": {"properties": {"training": {"anyOf": [of_ensemble, _NULL]}}},
        "else": {"properties": {"training": {"oneOf": [*references, _NULL]}}},
    }


def _parameters() -> JsonSchema:
    references = [{"$ref": f"#/$defs/parameter_{name}"} for name in TYPES]
    return {
        "description": "list of parameters with names, or mapping from name to parameter",
        "oneOf": [
            {"type": "array", "minItems": 1, "items": {"oneOf": references, "required": ["name"]}},
            {"type": "object", "minProperties": 1, "additionalProperties": {"oneOf": [*references, _NULL]}},
        ],
    }


def _parameter(name: str) -> JsonSchema:
    """The schema of one `type`: that of its record, with `type` instead of `kind` and with all synonyms."""
    fixed = TYPES[name]
    schema = _KINDS[str(fixed["kind"])].model_json_schema()
    properties = {key: value for key, value in schema["properties"].items() if key != "kind"}
    properties |= {
        key: {"description": properties[key]["description"], "const": value}
        for key, value in fixed.items()
        if key in properties
    }
    values = properties["when"]["additionalProperties"]
    properties["when"]["additionalProperties"] = {"anyOf": [values, *values["items"]["anyOf"]]}
    synonyms = {new: old for old, new in RENAMED.items() if new in properties}
    properties |= {old: properties[new] for new, old in synonyms.items()}
    required = [key for key in schema["required"] if key != "name"]
    if name in NORMAL:
        properties = {key: value for key, value in properties.items() if key not in ("low", "high", "log")} | _NORMAL
        required = []
    if name in STEPPED:
        required.append("step")
    either = [_either(key, synonyms[key]) for key in required if key in synonyms]
    return {
        "type": "object",
        "description": schema["description"],
        "additionalProperties": False,
        "properties": {"type": {"const": name}, **properties},
        "required": [*(() if name in _UNTYPED else ("type",)), *(key for key in required if key not in synonyms)],
        **({"allOf": either} if either else {}),  # an empty one is no JSON Schema
    }


def _either(key: str, synonym: str) -> JsonSchema:
    return {"oneOf": [{"required": [key]}, {"required": [synonym]}]}


def _about(schema: JsonSchema) -> str:
    """The description of a key, or of the section that is its value."""
    options = (option.get("description") for option in schema.get("anyOf", ()))
    return str(schema.get("description") or next(filter(None, options), schema.get("title")))
