"""Where a relative path of bars is looked for."""

from pathlib import Path

import pytest

from fxai.market.reading.sources import NAMED_SETS
from fxai.spec.fields.data_config import NAMED_SOURCE
from fxai.spec.reading.data_paths import resolve_data_paths
from fxai.spec.reading.load import load_spec
from fxai.spec.search.fingerprint import difference, fingerprint
from fxai.spec.yaml.source_node import plain_value, source_node
from fxai.spec.yaml.yaml_source import read_yaml

STUDY = "{study_name: mine, parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def spec(path: Path, source: str = "bars.csv", key: str = "training_config") -> Path:
    return write(path, f"name: mine\nstudies:\n  - {STUDY}, {key}: {{data: {{source: '{source}'}}}}}}\n")


def source_in(path: Path) -> str:
    config = load_spec(path).studies[0].training_config
    return str(config.data.source)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder; `search` below it holds a spec and bars."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "search" / "bars.csv", "beside the spec")
    return tmp_path


@pytest.mark.parametrize("key", ["training_config", "trial_overrides"])
def test_beside_the_spec_first_then_in_the_current_folder(folder: Path, key: str) -> None:
    write(folder / "bars.csv", "in the current folder")
    path = spec(Path("search/mine.yaml"), key=key)
    assert source_in(path) == "search/bars.csv"
    assert source_in(path.absolute()) == str(folder / "search" / "bars.csv")
    (folder / "search" / "bars.csv").unlink()
    assert source_in(path) == "bars.csv"


@pytest.mark.parametrize("source", ["nothing.csv", "~/bars.csv", "/bars.csv", "eurusd_1h", "", "x" * 300, "a\0b"])
def test_what_is_no_file_beside_the_spec_stays_as_it_is_written(folder: Path, source: str) -> None:
    write(folder / "search" / "eurusd_1h", "a file with the name of a data set")
    path = spec(folder / "search" / "mine.yaml", source.replace("\0", ""))
    assert source_in(path) == source.replace("\0", "")


def test_in_the_folder_of_the_spec_nothing_changes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder / "search")
    assert source_in(spec(Path("mine.yaml"), "./bars.csv")) == "./bars.csv"


def test_each_file_of_a_chain_has_its_own_folder(folder: Path) -> None:
    write(folder / "base" / "bars.csv", "of the base")
    spec(folder / "base" / "base.yaml")
    bare = "name: mine\nextends: ../base/base.yaml\nstudies:\n  - {study_name: mine"
    inherited = source_in(write(Path("search/bare.yaml"), f"{bare}}}\n"))
    assert Path(inherited).resolve() == folder / "base" / "bars.csv"
    changed = write(Path("search/changed.yaml"), f"{bare}, training_config: {{data: {{source: bars.csv}}}}}}\n")
    assert source_in(changed) == "search/bars.csv"


def test_the_configuration_of_own_code_is_not_changed(folder: Path) -> None:
    own = f"{STUDY}, objective: code:train, training_config: {{data: {{source: bars.csv}}}}}}"
    path = write(folder / "search" / "own.yaml", f"name: mine\nstudies:\n  - {own}\n")
    child = (
        "name: mine\nextends: own.yaml\nstudies:\n  - {study_name: mine, training_config: {data: {source: bars.csv}}}\n"
    )
    for each in (path, write(folder / "search" / "child.yaml", child)):
        assert load_spec(each).studies[0].training_config.root == {"data": {"source": "bars.csv"}}


def test_a_folder_that_moved_is_the_same_study(folder: Path) -> None:
    before = fingerprint(load_spec(spec(Path("search/mine.yaml"))).studies[0])
    (folder / "search").rename(folder / "moved")
    after = fingerprint(load_spec(Path("moved/mine.yaml")).studies[0])
    assert isinstance(before["data"], dict)
    assert isinstance(after["data"], dict)
    assert (before["data"]["source"], after["data"]["source"]) == ("search/bars.csv", "moved/bars.csv")
    assert difference(before, after) == ()


def test_the_named_data_sets_are_known() -> None:
    assert all(NAMED_SOURCE.fullmatch(name) for name in NAMED_SETS)


def test_the_file_of_each_instrument_is_looked_for(folder: Path) -> None:
    source = "{GBPUSD: other.csv, EURUSD: bars.csv, TEST: planted_1h}"
    text = f"name: mine\nstudies:\n  - {STUDY}, training_config: {{data: {{source: {source}}}}}}}\n"
    path = write(folder / "search" / "mine.yaml", text)
    written = read_yaml(path)
    placed = resolve_data_paths(source_node(written).keys["studies"].items[0], None, path.parent)
    found = plain_value(placed.keys["training_config"].keys["data"].keys["source"])
    assert found == {"GBPUSD": "other.csv", "EURUSD": str(folder / "search" / "bars.csv"), "TEST": "planted_1h"}


FEATURES = "{function: 'my_features:build', function_window: 1"


def function_folder_in(path: Path) -> str | None:
    config = load_spec(path).studies[0].training_config
    return config.data.features.function_folder


def with_function(path: Path, more: str = "") -> Path:
    config = f"{{data: {{features: {FEATURES}{more}}}}}}}"
    return write(path, f"name: mine\nstudies:\n  - {STUDY}, training_config: {config}}}\n")


def test_the_folder_of_a_function_is_that_of_the_spec_if_it_has_the_module(folder: Path) -> None:
    path = with_function(Path("search/mine.yaml"))
    assert function_folder_in(path) is None
    write(folder / "search" / "my_features.py", "")
    assert function_folder_in(path) == "search"
    assert function_folder_in(path.absolute()) == str(folder / "search")


def test_a_folder_of_a_function_is_looked_for_beside_the_spec(folder: Path) -> None:
    path = with_function(Path("search/mine.yaml"), ", function_folder: code")
    assert function_folder_in(path) == "code"
    (folder / "search" / "code").mkdir()
    assert function_folder_in(path) == "search/code"


def test_the_folder_of_a_function_does_not_identify_a_study(folder: Path) -> None:
    there = load_spec(with_function(Path("search/mine.yaml"), f", function_folder: {folder}")).studies[0]
    here = load_spec(with_function(Path("search/mine.yaml"))).studies[0]
    assert fingerprint(there) == fingerprint(here)
    assert "my_features:build" in str(fingerprint(here))
