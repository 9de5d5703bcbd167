"""The spec reference is up to date with the schema, and the schema describes each key."""

import importlib.util
from types import ModuleType

import pytest

from docs.pages import DOCS
from fxai.spec.reading.schema import json_schema

NOT_LISTED = {"JsonValue", "ImportedSampler", "ImportedPruner"}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_spec_reference", DOCS / "make_spec_reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(generator: ModuleType) -> None:
    assert (DOCS / "spec.md").read_text() == generator.spec_reference(), "run `poe spec-reference`"


def test_no_part_of_the_schema_is_left_out(generator: ModuleType) -> None:
    assert set(json_schema()["$defs"]) - NOT_LISTED == generator.listed_definitions()


def test_every_key_is_described() -> None:
    schema = json_schema()
    definitions = {"": schema, **schema["$defs"]}
    without = [
        f"{name}.{key}"
        for name, definition in definitions.items()
        for key, value in definition.get("properties", {}).items()
        if key not in {"type", "description"} and "description" not in str(value)
    ]
    assert without == []
