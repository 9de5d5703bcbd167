"""The table of other programs' names: each name of FxAI in it exists."""

import re
from typing import Any

import pytest

import fxai
from docs.pages import DOCS, REPOSITORY, assert_can_be_called, is_ours
from fxai.spec.fields.algorithm_names import NAMES
from fxai.spec.reading.schema import json_schema
from fxai.spec.search.metrics import METRICS

ROWS = re.findall(r"^\| (.+?) \| (.+) \|$", (DOCS / "names.md").read_text(), re.MULTILINE)
ROWS = [row for row in ROWS if row[0] not in {"other program", "---"}]
SCHEMA = json_schema()
ELSEWHERE = {"&&", "pip install"}  # the shell's


def is_spec_key(path: str) -> bool:
    """A dotted path of keys from the top of a spec, or from `training_config`."""
    node = SCHEMA["$defs"]["StudySpec"] if path.startswith("training_config") else SCHEMA
    return all((node := _below(node, key)) is not None for key in path.split("."))


def _below(node: Any, key: str) -> Any:
    found = _keys(node).get(key)
    if key == "training_config":
        return SCHEMA["$defs"]["TrainingConfig"]
    return found


def _keys(node: Any) -> dict[str, Any]:
    """The properties of a schema, of what it refers to, and of what it may be."""
    if not isinstance(node, dict):
        return {}
    keys = dict(node.get("properties", {}))
    if "$ref" in node:
        keys |= _keys(SCHEMA["$defs"][node["$ref"].rpartition("/")[2]])
    for option in (*node.get("anyOf", ()), *node.get("oneOf", ()), node.get("items")):
        keys |= _keys(option)
    return keys


def is_there(code: str, row: str) -> bool:
    if is_ours(code):
        assert_can_be_called(code, in_full=False)
        return True
    if code.startswith("from fxai import "):
        return set(code.removeprefix("from fxai import ").split(", ")) <= set(fxai.__all__)
    if code.startswith("fxai."):
        _, name, *attributes = code.split(".")
        return name in fxai.__all__ and all(hasattr(getattr(fxai, name), each) for each in attributes)
    if code.startswith("."):
        return code[1:] in fxai.api.minimal_tuner.TuneResult.__dataclass_fields__
    return code in row or code in {*ELSEWHERE, *METRICS, *NAMES} or (REPOSITORY / code).is_file() or is_spec_key(code)


@pytest.mark.parametrize(("there", "here"), ROWS, ids=[row[0] for row in ROWS])
def test_what_the_table_names_is_there(there: str, here: str) -> None:
    for code in re.findall(r"`([^`]+)`", here):
        assert is_there(code, there), code


def test_the_test_knows_keys_from_others() -> None:
    assert is_spec_key("studies.stop.patience")
    assert is_spec_key("training_config.training.total_updates")
    assert not is_spec_key("studies.stop.patient")
    assert not is_spec_key("stop")
