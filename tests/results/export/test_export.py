import hashlib
import json
from pathlib import Path

import numpy as np
import optuna
import pytest
from safetensors.numpy import save

from fxai.errors import InputError
from fxai.results.export.folder import Exported, write_export
from fxai.results.export.observation import observation_columns
from fxai.results.export.trial_table import TableFormat
from fxai.results.paths import StudyPaths
from fxai.results.provenance import Provenance
from fxai.results.record import StudyRecord
from fxai.results.training.best_config import best_config, load_best_config, write_best_config
from fxai.search import attributes
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.feature_config import FeatureConfig
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.fingerprint import fingerprint
from fxai.spec.search.study import StudySpec


@pytest.fixture
def bars(tmp_path: Path) -> Path:
    """A data file of the user's own; nothing here reads what is in it."""
    path = tmp_path / "mine" / "bars.csv"
    path.parent.mkdir()
    path.write_text("time,open,high,low,close\n")
    return path


@pytest.fixture
def on_own_data(study: optuna.Study, spec: StudySpec, bars: Path, tmp_path: Path) -> Exported:
    """A study on that file, with what its run left."""
    data = spec.training_config.data.model_copy(update={"source": str(bars)})
    config = spec.training_config.model_copy(update={"data": data})
    spec = spec.model_copy(update={"training_config": config})
    paths, record = StudyPaths(tmp_path / "results", spec.study_name), StudyRecord.of(study)
    paths.directory.mkdir(parents=True)
    paths.spec.write_text(standalone_spec(spec))
    assert record.best is not None
    write_best_config(paths.best_config, best_config(spec, record.best, Provenance.of(spec, "ab")))
    return Exported(record, {attributes.FINGERPRINT: fingerprint(spec)}, paths)


def test_own_data_are_named_by_their_hash(on_own_data: Exported, bars: Path, tmp_path: Path):
    made = write_export(on_own_data, tmp_path / "out", [TableFormat.CSV])
    text = (tmp_path / "out" / "README.md").read_text()
    assert f"SHA-256 is `{hashlib.sha256(bars.read_bytes()).hexdigest()}`" in text
    assert "`data/bars.csv`" in text
    assert str(tmp_path) not in "".join(path.read_text() for path in made.files)  # nobody else has these paths
    (spec,) = load_spec(tmp_path / "out" / "spec.yaml").studies
    config = load_best_config(tmp_path / "out" / "fx_ai_quick_best_config.yaml")
    assert spec.training_config.data.source == config.training_config.data.source == "data/bars.csv"
    assert not (tmp_path / "out" / "data").exists()


def test_own_data_are_copied_where_that_is_wanted(on_own_data: Exported, bars: Path, tmp_path: Path):
    write_export(on_own_data, tmp_path / "out", [], with_data=True)
    assert (tmp_path / "out" / "data" / "bars.csv").read_bytes() == bars.read_bytes()
    assert "| `data/bars.csv` | the data |" in (tmp_path / "out" / "README.md").read_text()
    bars.write_text("other bars")
    with pytest.raises(InputError, match="has changed since the study"):
        write_export(on_own_data, tmp_path / "out", [], with_data=True)
    bars.unlink()
    with pytest.raises(InputError, match="is missing"):
        write_export(on_own_data, tmp_path / "out", [], with_data=True)


def test_missing_files_are_named(study: optuna.Study, tmp_path: Path):
    bare = Exported(StudyRecord.of(study), {}, StudyPaths(tmp_path, "fx_ai_quick"))
    made = write_export(bare, tmp_path / "out", [TableFormat.JSON])
    assert made.missing == ["spec.yaml", "decisions.jsonl", "fx_ai_quick_best_config.yaml", "best_params.json"]
    assert "wrote no `spec.yaml`" in (tmp_path / "out" / "README.md").read_text()


def test_it_is_written_over_nothing_else(on_own_data: Exported, tmp_path: Path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="has files that are not an export"):
        write_export(on_own_data, tmp_path / "out", [])
    made = write_export(on_own_data, tmp_path / "new", [TableFormat.CSV])
    assert write_export(on_own_data, tmp_path / "new", [TableFormat.CSV]) == made


def test_the_manifest_has_the_hash_of_each_file(on_own_data: Exported, tmp_path: Path):
    made = write_export(on_own_data, tmp_path / "out", list(TableFormat))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert {tmp_path / "out" / name for name in manifest["sha256"]} == {*made.files} - {made.folder / "manifest.json"}
    for name, digest in manifest["sha256"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == digest


def test_the_files_of_instruments_are_copied_and_named(
    study: optuna.Study, spec: StudySpec, bars: Path, tmp_path: Path
):
    (tmp_path / "other").mkdir()
    second = tmp_path / "other" / bars.name
    second.write_text("bars of another instrument")
    sources = {"EURUSD": str(bars), "GBPUSD": str(second), "TEST": "planted_1h"}
    data = DataConfig.model_validate({**spec.training_config.data.model_dump(), "source": sources})
    of_instruments = spec.model_copy(update={"training_config": spec.training_config.model_copy(update={"data": data})})
    exported = Exported(
        StudyRecord.of(study), {attributes.FINGERPRINT: fingerprint(of_instruments)}, StudyPaths(tmp_path, "none")
    )
    assert exported.data is not None
    assert exported.data.place == {"EURUSD": "data/0/bars.csv", "GBPUSD": "data/1/bars.csv", "TEST": "planted_1h"}
    write_export(exported, tmp_path / "out", [], with_data=True)
    assert (tmp_path / "out" / "data" / "1" / "bars.csv").read_text() == "bars of another instrument"
    assert "The data set is `planted_1h`" in (tmp_path / "out" / "README.md").read_text()


def test_the_columns_of_the_observation_and_the_function_are_named(on_own_data: Exported, tmp_path: Path):
    (spec,) = load_spec(on_own_data.paths.spec).studies
    features = FeatureConfig(function="my_features:build", function_window=3, function_folder=str(tmp_path))
    data = spec.training_config.data.model_copy(update={"features": features})
    config = spec.training_config.model_copy(update={"data": data})
    on_own_data.paths.spec.write_text(standalone_spec(spec.model_copy(update={"training_config": config})))
    standardizer = {"names": ["return_1", "slope"], "mean": [0.0, 0.0], "std": [1.0, 1.0]}
    other = {**standardizer, "mean": [1.0, 0.0]}
    header = {"config": {"env": {"observation_window": 8}}, "standardizer": standardizer}
    on_own_data.paths.best_agent.write_bytes(save({"weights": np.zeros(1)}, {"fxai": json.dumps(header)}))
    write_export(on_own_data, tmp_path / "out", [])
    text = (tmp_path / "out" / "README.md").read_text()
    named = "`return_1`, `slope`, `position`, `gain`, `held`, `drawdown`"
    assert f"An observation has 8 bars by 6 columns. The columns are, in this order: {named}." in text
    assert "made by the function `my_features:build`, which is not in this folder" in text
    assert str(tmp_path) not in (tmp_path / "out" / "spec.yaml").read_text()
    members = [{"standardizer": each} for each in (standardizer, other, standardizer)]
    header = {"config": header["config"], "members": members}
    on_own_data.paths.best_agent.write_bytes(save({"weights": np.zeros(1)}, {"fxai": json.dumps(header)}))
    found = observation_columns(on_own_data.paths.best_agent)
    assert found is not None
    assert found.names == ("return_1", "slope", "return_1", "slope", "position", "gain", "held", "drawdown")


def test_an_agent_that_cannot_be_read_has_no_observation(tmp_path: Path):
    assert observation_columns(tmp_path / "nothing.safetensors") is None
    (tmp_path / "damaged.safetensors").write_bytes(b"x")
    assert observation_columns(tmp_path / "damaged.safetensors") is None
