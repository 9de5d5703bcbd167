"""A spec written out whole is the same study."""

from pathlib import Path

import pytest
import yaml

from fxai.spec.fields.objective import folder_of
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.standalone_spec import standalone_spec

SPECS = sorted((Path(__file__).parents[3] / "config" / "optuna").rglob("*.yaml"))


@pytest.mark.parametrize("spec", SPECS, ids=lambda path: path.stem)
def test_every_shipped_spec_is_the_same_once_written_out(spec: Path, tmp_path: Path) -> None:
    for study in load_spec(spec).studies:
        written = tmp_path / "spec.yaml"
        written.write_text(standalone_spec(study, "a header\nof two lines"))
        (again,) = load_spec(written).studies
        assert again == study.model_copy(update={"preset": ""})
        assert written.read_text().startswith("# a header\n# of two lines\nname: ")


def test_what_a_preset_or_another_file_gave_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\nextends: quick_search\npreset: quick_test\n"
        "studies:\n  - {study_name: mine, storage: 'postgresql://me:secret@host/db', tracking: {wandb: }}\n"
    )
    (study,) = load_spec(tmp_path / "mine.yaml").studies
    text = standalone_spec(study)
    assert "secret" not in text
    (written,) = yaml.safe_load(text)["studies"]
    assert written["n_trials"] == 5
    assert len(written["parameters"]) == 10
    assert not {"storage", "tracking", "preset", "extends"} & written.keys()


@pytest.mark.parametrize("objective", ["code:train", "{command: [sh, train.sh]}", "{command: [sh, a.sh], folder: in}"])
def test_own_code_is_found_from_the_written_spec_in_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, objective: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("search").mkdir()
    Path("search/mine.yaml").write_text(
        f"name: mine\nstudies: [{{study_name: mine, objective: {objective}, parameters: {{x: {{type: float, low: 0, "
        "high: 1}}}]\n"
    )
    (study,) = load_spec(Path("search/mine.yaml")).studies
    Path("results").mkdir()
    Path("results/spec.yaml").write_text(standalone_spec(study))
    (again,) = load_spec(Path("results/spec.yaml")).studies
    assert Path(folder_of(again.objective)) == tmp_path / folder_of(study.objective)
