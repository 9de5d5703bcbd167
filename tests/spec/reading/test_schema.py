import json
import re
from typing import Any

import pytest

from fxai.spec.fields.algorithm import ALGORITHMS, DEFAULT_ALGORITHM
from fxai.spec.reading.schema import json_schema
from fxai.spec.search.translate_parameter import TYPES

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
    assert SCHEMA["$defs"]["parameter_float_log"]["properties"]["log"]["const"] is True


def test_values_may_be_lists_of_numbers_and_texts() -> None:
    numbers = {"type": "array", "items": {"anyOf": [{"type": "number"}, {"type": "string"}]}}
    choices = SCHEMA["$defs"]["parameter_choice"]["properties"]
    for written in (choices["choices"]["items"], choices["values"]["items"], STUDY["fixed"]["additionalProperties"]):
        assert numbers in written["anyOf"]
    assert numbers in STUDY["enqueue"]["items"]["additionalProperties"]["anyOf"]


def test_one_algorithm_fits_each_section_and_the_default_one_that_names_none() -> None:
    section = SCHEMA["$defs"]["TrainingConfig"]["else"]["properties"]["training"]
    records = {name: SCHEMA["$defs"][record.__name__] for name, record in ALGORITHMS.items()}
    assert references(section) == {f"#/$defs/{record.__name__}" for record in ALGORITHMS.values()}
    assert {"type": "null"} in section["oneOf"]
    for name, record in records.items():
        assert name in record["properties"]["algorithm"]["enum"]
        assert record["additionalProperties"] is False
        assert ("algorithm" in record.get("required", ())) is (name != DEFAULT_ALGORITHM)


def test_defaults_of_all_studies_and_bare_class_names_are_known() -> None:
    assert {"seed", "storage", "n_jobs", "gpu_per_trial", "max_concurrent_trials"} <= set(SCHEMA["properties"])
    bare = next(option["enum"] for option in STUDY["sampler"]["anyOf"] if "enum" in option)
    assert {"TPESampler", "tpe"} <= set(bare)
    assert SCHEMA["$defs"]["TPESampler"]["properties"]["type"]["enum"] == ["TPESampler", "tpe"]
    assert SCHEMA["$defs"]["MedianPruner"]["required"] == ["type"]
    assert SCHEMA["additionalProperties"] is False


def test_a_file_may_contain_extends_only() -> None:
    assert "required" not in SCHEMA
    assert "required" not in SCHEMA["$defs"]["StudySpec"]
    assert SCHEMA["if"] == {"not": {"required": ["extends"]}}
    assert SCHEMA["then"]["required"] == ["name", "studies"]
    each = SCHEMA["then"]["properties"]["studies"]["items"]
    assert each["required"] == ["study_name"]
    assert {key for option in each["anyOf"] for key in option["required"]} == {"parameters", "search_space"}
    assert {"extends", "preset", "search_space"} <= set(STUDY)
    assert {"extends", "preset", "presets"} <= set(SCHEMA["properties"])
    assert STUDY["search_space"]["enum"] == list(ALGORITHMS)


@pytest.mark.parametrize("kind", ["sampler", "pruner"])
def test_a_class_may_be_named_by_its_import_path(kind: str) -> None:
    assert SCHEMA["$defs"]["Preset"]["properties"][kind] == STUDY[kind]
    imported = SCHEMA["$defs"][f"Imported{kind.capitalize()}"]
    assert imported["additionalProperties"]
    (alone,) = [option for option in STUDY[kind]["anyOf"] if option.get("type") == "string"]
    assert alone["pattern"] == imported["properties"]["type"]["pattern"]
    for path in ("package.module:Class", "package.Class", "a:B"):
        assert re.search(alone["pattern"], path)
    for name in ("TPESampler", "asha", "a b:C", ":C", "a:"):
        assert not re.search(alone["pattern"], name)
