"""The user's files that are sent to nodes of a Ray cluster."""

from pathlib import Path
from typing import Any

import pytest

from fxai.errors import InputError
from fxai.spec.reading.load import load_spec
from fxai.spec.search.study import StudySpec
from fxai.study import node_files
from fxai.study.node_files import sources_of, staged_files

CODE = "def train(trial):\n    return trial.params['x']\n"


def spec_of(folder: Path, keys: str) -> StudySpec:
    (folder / "spec.yaml").write_text(f"name: shown\nstudies:\n- study_name: s\n{keys}")
    (study,) = load_spec(folder / "spec.yaml").studies
    return study


def code_spec(folder: Path, further: str = "") -> StudySpec:
    (folder / "code.py").write_text(CODE)
    space = "  parameters: {x: {type: float, low: 0, high: 1}}\n"
    return spec_of(folder, f"  objective: code:train\n{space}{further}")


def data_spec(folder: Path, source: str) -> StudySpec:
    space = "  parameters: {training.gamma: {type: float, low: 0.9, high: 0.99}}\n"
    return spec_of(folder, f"{space}  training_config: {{data: {{source: {source}}}}}\n")


def staged(study: StudySpec) -> dict[str, Any]:
    """The staged files by their names, and the paths that they stand for."""
    with staged_files(study, Path("package"), "1", send=True) as files:
        folder = files.working_dir
        names = [] if folder is None else sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
        return {"names": names, "shipped": [(each.path, each.name) for each in files.shipped], "needed": files.needed}


def test_a_study_of_a_named_data_set_sends_nothing(tmp_path: Path) -> None:
    study = data_spec(tmp_path, "eurusd_1h")
    assert staged(study) == {"names": [], "shipped": [], "needed": ()}


def test_code_is_sent_without_results_environments_and_large_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_files, "MOST_FILE_BYTES", 1000)
    for name in (".git/config", ".venv/bin/python", "helper/part.py", "studies.db", "results/s/.identity.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("content")
    (tmp_path / "large.bin").write_bytes(b"0" * 1001)
    found = staged(code_spec(tmp_path))
    assert found["names"] == [f"fxai_files/code_0/{name}" for name in ("code.py", "helper/part.py", "spec.yaml")]
    assert found["shipped"] == [(str(tmp_path), "fxai_files/code_0")]


def test_code_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(node_files, "MOST_CODE_BYTES", 10)
    with pytest.raises(InputError, match=r"folder .* is too large to be sent.*working_dir in ray_config\.runtime_env"):
        staged(code_spec(tmp_path))


def test_the_users_own_working_directory_replaces_the_copy(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    study = code_spec(tmp_path / "project", f"  ray_config: {{runtime_env: {{working_dir: {tmp_path}}}}}\n")
    with staged_files(study, Path("package"), "1", send=True) as files:
        assert files.working_dir == tmp_path
        assert [(each.path, each.name) for each in files.shipped] == [(str(tmp_path / "project"), "project")]


def test_data_are_sent_up_to_a_limit_and_needed_beyond_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bars.csv").write_text("time,open,high,low,close\n")
    source = str(tmp_path / "bars.csv")
    found = staged(data_spec(tmp_path, source))
    assert found == {
        "names": ["fxai_files/data_0/bars.csv"],
        "shipped": [(source, "fxai_files/data_0/bars.csv")],
        "needed": (source,),
    }
    monkeypatch.setattr(node_files, "MOST_DATA_BYTES", 10)
    assert staged(data_spec(tmp_path, source)) == {"names": [], "shipped": [], "needed": (source,)}


def test_the_files_of_a_folder_and_of_several_instruments_are_sent(tmp_path: Path) -> None:
    (tmp_path / "bars").mkdir()
    for name in ("A.csv", "B.csv"):
        (tmp_path / "bars" / name).write_text(name)
    whole = data_spec(tmp_path, f"{tmp_path}/bars, instruments: all")
    assert staged(whole)["shipped"] == [(f"{tmp_path}/bars", "fxai_files/data_0")]
    assert staged(whole)["names"] == ["fxai_files/data_0/A.csv", "fxai_files/data_0/B.csv"]
    each = data_spec(tmp_path, f"{{A: {tmp_path}/bars/A.csv, B: {tmp_path}/bars/B.csv}}")
    assert [name for _, name in staged(each)["shipped"]] == ["fxai_files/data_0/A.csv", "fxai_files/data_1/B.csv"]
    assert len(list(sources_of(each))) == 2
