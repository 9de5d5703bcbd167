"""The files that a source names."""

from pathlib import Path

from fxai.spec.fields.source_paths import files_hash, source_paths
from fxai.spec.reading.data_paths import resolve_source


def folder_of_files(folder: Path) -> Path:
    (folder / "bars").mkdir()
    for name in ("b.csv", "a.CSV", "c.csv.gz", "notes.md", ".hidden"):
        (folder / "bars" / name).write_text(name)
    return folder / "bars"


def test_a_folder_has_its_files_of_bars_in_the_order_of_their_names(tmp_path: Path) -> None:
    bars = folder_of_files(tmp_path)
    assert [path.name for path in source_paths(bars)] == ["a.CSV", "b.csv", "c.csv.gz"]
    assert [path.name for path in source_paths(bars / "*.csv")] == ["b.csv"]
    assert source_paths(bars / "b.csv") == (bars / "b.csv",)
    assert source_paths(bars / "nothing.csv") == source_paths(bars / "*.json") == ()


def test_a_file_with_a_sign_of_patterns_in_its_name_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "bars[1].csv").touch()
    assert source_paths(tmp_path / "bars[1].csv") == (tmp_path / "bars[1].csv",)


def test_the_hash_of_one_file_is_its_own() -> None:
    assert files_hash(["abc"]) == "abc"
    assert len({files_hash(["a", "b"]), files_hash(["b", "a"]), files_hash(["ab"])}) == 3


def test_folders_and_patterns_are_looked_up_beside_the_spec(tmp_path: Path) -> None:
    folder_of_files(tmp_path)
    assert resolve_source(tmp_path, "bars") == str(tmp_path / "bars")
    assert resolve_source(tmp_path, "bars/*.csv") == str(tmp_path / "bars/*.csv")
    assert resolve_source(tmp_path, "elsewhere/*.csv") == "elsewhere/*.csv"
