"""`${NAME}` in paths and URLs: expanded where it is used, kept where it is written."""

from pathlib import Path
from typing import Any

import pytest

from fxai.errors import InputError, SpecError
from fxai.market.reading.read_bars import load_bars
from fxai.results.paths import StudyPaths
from fxai.search.studies import summaries
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.fields.environment import expanded_path, expanded_url
from fxai.spec.fields.objective import folder_of
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.standalone_spec import standalone_spec
from fxai.spec.search.fingerprint import difference, fingerprint

RANGES = "{training.gamma: {type: float, low: 0.9, high: 0.99}}"


def spec_file(folder: Path, *, top: str = "", study: str = "") -> Path:
    path = folder / "mine.yaml"
    path.write_text(f"name: mine\n{top}studies:\n  - study_name: mine\n    parameters: {RANGES}\n{study}")
    return path


def test_variables_are_expanded_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", str(tmp_path))
    spec = load_spec(spec_file(tmp_path, top="results_dir: ${PLACE}/res\nstorage: sqlite:///${PLACE}/s.db\n"))
    assert (spec.results_dir, spec.studies[0].storage) == ("${PLACE}/res", "sqlite:///${PLACE}/s.db")
    assert StudyPaths(Path(spec.results_dir), "mine").report == tmp_path / "res" / "mine" / "report.html"
    with pytest.raises(InputError, match=rf"there is no study database {tmp_path}/s\.db"):
        summaries(spec.studies[0].storage)


@pytest.mark.parametrize(
    ("top", "study", "place"),
    [
        ("results_dir: $HOME/res\n", "", r"mine\.yaml:2: results_dir: \$HOME is not expanded.*write \$\{HOME\}"),
        ("results_dir: ${NOT_SET}/res\n", "", "mine.yaml:2: results_dir: the environment variable NOT_SET is not set"),
        ("storage: sqlite:///${NOT_SET}/s.db\n", "", "mine.yaml:2: storage: .*NOT_SET is not set"),
        ("", "    training_config: {data: {source: $HOME/x.csv}}\n", "data.source: .HOME is not expanded"),
        ("", "    objective: {function: a:b, folder: $HOME}\n", "objective.folder: .HOME is not expanded"),
        ("", "    tracking: {mlflow: {tracking_uri: 'http://${NOT_SET}'}}\n", "tracking_uri: .*NOT_SET is not set"),
        ("extends: ${NOT_SET}/base.yaml\n", "", "extends: .*NOT_SET is not set"),
    ],
)  # fmt: skip
def test_what_is_refused(top: str, study: str, place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_SET", raising=False)
    with pytest.raises(SpecError, match=place):
        load_spec(spec_file(tmp_path, top=top, study=study))


def test_bare_dollar_is_literal_in_a_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "db.example")
    assert expanded_url("postgresql://me:pa$HOME@${HOST}/x") == "postgresql://me:pa$HOME@db.example/x"
    assert expanded_path("price$.csv") == Path("price$.csv")


def test_home_is_expanded_where_it_begins_a_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded_path("~/res") == tmp_path / "res"
    assert expanded_path("a/~b") == Path("a/~b")
    assert expanded_url("sqlite:///~/s.db") == f"sqlite:///{tmp_path}/s.db"
    assert StudyPaths(Path("~/res"), "one").directory == tmp_path / "res" / "one"


def test_a_study_resumes_after_its_data_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "".join(f"2020-01-01 {minute // 60:02}:{minute % 60:02},1,2,1,1\n" for minute in range(90))
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "bars.csv").write_text("time,open,high,low,close\n" + rows)
    path = spec_file(tmp_path, study="    training_config: {data: {source: '${BARS}/bars.csv'}}\n")
    monkeypatch.setenv("BARS", str(tmp_path / "first"))
    before = fingerprint(load_spec(path).studies[0])
    assert isinstance(before["data"], dict)
    assert before["data"]["source"] == "${BARS}/bars.csv"
    monkeypatch.setenv("BARS", str(tmp_path / "second"))
    after = fingerprint(load_spec(path).studies[0])
    assert difference(before, after) == ()
    assert len(load_bars(DataConfig(source="${BARS}/bars.csv"))) == 90


def test_content_of_a_file_below_home_counts_from_now_on() -> None:
    old: dict[str, Any] = {"data": {"source": "~/x.csv"}}
    new: dict[str, Any] = {"data": {"source": "~/x.csv", "sha256": "1"}}
    assert difference(old, new) == ()
    assert difference(new, {"data": {"source": "~/x.csv", "sha256": "2"}}) != ()


def test_folder_of_own_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE", str(tmp_path / "code"))
    study = load_spec(spec_file(tmp_path, study="    objective: {function: 'a:b', folder: '${CODE}'}\n")).studies[0]
    assert folder_of(study.objective) == str(tmp_path / "code")
    assert "folder: ${CODE}" in standalone_spec(study)


def test_extended_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BASE", str(tmp_path / "base"))
    (tmp_path / "base").mkdir()
    spec_file(tmp_path / "base")
    (tmp_path / "next.yaml").write_text("name: next\nextends: ${BASE}/mine.yaml\n")
    assert load_spec(tmp_path / "next.yaml").studies[0].study_name == "mine"
