import json
from typing import Any

from fxai.spec.algorithm import ALGORITHMS, DEFAULT_ALGORITHM
from fxai.spec.parameter_form import TYPES
from fxai.spec.schema import json_schema

SCHEMA = json_schema()
STUDY = SCHEMA["$defs"]["StudySpec"]["properties"]


def references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(references(value) for value in node.values()))
    return set().union(*map(references, node)) if isinstance(node, list) else set()


def test_it_is_json_and_complete() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
    for reference in references(SCHEMA):
        assert reference.removeprefix("#/$defs/") in SCHEMA["$defs"]


def test_every_type_of_parameter_has_its_keys() -> None:
    listed, keyed = STUDY["parameters"]["oneOf"]
    wanted = {f"#/$defs/parameter_{name}" for name in TYPES}
    assert references(listed) == references(keyed) == wanted
    keys = {"type", "name", "path", "when", "choices", "values"}
    assert set(SCHEMA["$defs"]["parameter_choice"]["properties"]) == keys
    assert SCHEMA["$defs"]["parameter_quniform"]["allOf"] == [{"oneOf": [{"required": ["step"]}, {"required": ["q"]}]}]
    assert SCHEMA["$defs"]["parameter_float_log"]["properties"]["log"] == {"const": True}


def test_one_algorithm_fits_each_section_and_the_default_one_that_names_none() -> None:
    section = SCHEMA["$defs"]["TrainingConfig"]["properties"]["training"]
    records = {name: SCHEMA["$defs"][record.__name__] for name, record in ALGORITHMS.items()}
    assert references(section) == {f"#/$defs/{record.__name__}" for record in ALGORITHMS.values()}
    assert {"type": "null"} in section["oneOf"]
    for name, record in records.items():
        assert record["properties"]["algorithm"]["const"] == name
        assert record["additionalProperties"] is False
        assert ("algorithm" in record.get("required", ())) is (name != DEFAULT_ALGORITHM)


def test_defaults_of_all_studies_and_bare_class_names_are_known() -> None:
    assert {"seed", "storage", "n_jobs", "gpu_per_trial", "max_concurrent_trials"} <= set(SCHEMA["properties"])
    bare = next(option["enum"] for option in STUDY["sampler"]["anyOf"] if "enum" in option)
    assert "TPESampler" in bare
    assert SCHEMA["$defs"]["MedianPruner"]["required"] == ["type"]
    assert SCHEMA["additionalProperties"] is False
