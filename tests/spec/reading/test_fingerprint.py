import json
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from fxai.spec.fields.record import LATER, Record
from fxai.spec.search.fingerprint import difference, fingerprint, paths_of, without_later_fields
from fxai.spec.search.study import StudySpec

GAMMA = {"kind": "float", "name": "training.gamma", "low": 0.9, "high": 0.99}


def study(*parameters: dict[str, Any], **fields: Any) -> StudySpec:
    return StudySpec.model_validate({"study_name": "s", "parameters": parameters or (GAMMA,), **fields})


def change(old: StudySpec, new: StudySpec) -> tuple[str, ...]:
    stored = json.loads(json.dumps(fingerprint(old)))  # as a database keeps it
    return difference(stored, fingerprint(new))


@pytest.mark.parametrize(
    "fields",
    [
        {"n_trials": 7},
        {"sampler": {"type": "RandomSampler"}},
        {"pruner": {"type": "NopPruner"}},
        {"n_jobs": 3, "gpu_per_trial": 0.5, "resources": {"cpu": 2, "lanes_per_worker": 8}},
        {"seed": 9, "timeout": 5, "retries": 0, "storage": "sqlite:///x.db", "description": "other"},
    ],
)
def test_what_may_change_on_resume_is_no_difference(fields: dict[str, Any]) -> None:
    assert change(study(), study(**fields)) == ()


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"direction": "minimize"}, 'direction: "maximize" -> "minimize"'),
        ({"seeds_per_trial": 4}, "seeds_per_trial: 1 -> 4"),
        ({"metric_name": "sharpe"}, 'metric_name: "mean_reward" -> "sharpe"'),
        ({"training_config": {"env": {"spread": 0.5}}}, "training_config.env.spread: 0.0001 -> 0.5"),
        ({"training_config": {"data": {"source": "planted_1h"}}}, 'data.source: "eurusd_1h" -> "planted_1h"'),
        ({"parameters": [{**GAMMA, "high": 0.999}]}, "parameters.training.gamma.high: 0.99 -> 0.999"),
    ],
)
def test_a_change_is_one_line(fields: dict[str, Any], line: str) -> None:
    assert change(study(), study(**fields)) == (line,)


def test_a_fingerprint_that_names_no_seeds_per_trial_means_one() -> None:
    old = fingerprint(study())
    del old["seeds_per_trial"]
    assert difference(old, fingerprint(study())) == ()
    assert difference(old, fingerprint(study(seeds_per_trial=2))) == ("seeds_per_trial: 1 -> 2",)


def test_another_algorithm_is_another_study() -> None:
    lines = change(study(), study(training_config={"training": {"algorithm": "a2c"}}))
    assert 'training_config.training.algorithm: "ppo" -> "a2c"' in lines
    assert "training_config.training.clip_epsilon: removed, was 0.2" in lines


def test_added_and_removed_parameters_are_shown_complete() -> None:
    width = {"kind": "categorical", "name": "model.d_model", "choices": (64, 128)}
    added = 'parameters.model.d_model: added, kind "categorical", choices [64, 128]'
    assert change(study(GAMMA), study(GAMMA, width)) == (added,)
    assert change(study(GAMMA, width), study(GAMMA)) == (added.replace("added,", "removed, was"),)


def test_a_data_file_is_known_by_its_content(tmp_path: Path) -> None:
    one, moved, other = (tmp_path / name for name in ("one.csv", "moved.csv", "other.csv"))
    one.write_text("time,close\n")
    moved.write_text("time,close\n")
    other.write_text("time,open\n")
    of = {path: study(training_config={"data": {"source": str(path)}}) for path in (one, moved, other)}
    assert change(of[one], of[moved]) == ()
    assert any(line.startswith("data.sha256: ") for line in change(of[one], of[other]))


def test_a_folder_is_known_by_the_content_of_its_files(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "notes.md"):
        (tmp_path / name).write_text(name)
    config = {"data": {"source": str(tmp_path)}}
    before = fingerprint(study(training_config=config))
    (tmp_path / "notes.md").write_text("more")
    assert fingerprint(study(training_config=config)) == before
    (tmp_path / "b.csv").write_text("more")
    lines = difference(before, fingerprint(study(training_config=config)))
    assert [line.split(":")[0] for line in lines] == ["data.sha256"]


def test_a_later_field_at_its_default_does_not_change_a_fingerprint() -> None:
    before = json.loads(json.dumps(fingerprint(study())))
    assert "widths" not in before["training_config"]["model"]
    given = study(training_config={"model": {"widths": [64, 32]}})
    assert difference(before, fingerprint(given)) == ("training_config.model.widths: added, [64, 32]",)


def test_a_study_that_was_scored_on_other_bars_is_another_one() -> None:
    """The meaning of fractions of a split has changed; dates have the same meaning."""
    by_fraction = fingerprint(study())
    before = {key: value for key, value in by_fraction.items() if key != "fractions_of_split"}
    assert difference(before, by_fraction) == ('fractions_of_split: added, "of all bars"',)
    dates = {"train": "2017-06-01", "validation": "2017-09-01"}
    by_date = fingerprint(study(training_config={"data": {"split": dates}}))
    assert "fractions_of_split" not in by_date
    assert difference(by_date, by_date) == ()


def test_a_later_field_counts_once_it_has_another_value() -> None:
    class Inner(Record):
        known: int = 1
        added: Annotated[float, LATER] = Field(default=0.0, ge=0)

    class Outer(Record):
        inner: Inner = Inner()
        further: Annotated[tuple[int, ...] | None, LATER] = None

    def kept(record: Outer) -> dict[str, Any]:
        return without_later_fields(record, record.model_dump(mode="json"))

    assert kept(Outer()) == {"inner": {"known": 1}}
    assert kept(Outer(inner=Inner(added=0.5), further=(2,))) == {"inner": {"known": 1, "added": 0.5}, "further": [2]}


def test_a_fingerprint_without_parameters_sets_no_field() -> None:
    assert paths_of({}) == {}


def test_several_instruments_are_known_by_the_content_of_each_file(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).write_text(f"bars of {name}")

    def of(**source: str) -> StudySpec:
        places = {name: file if file == "planted_1h" else str(tmp_path / file) for name, file in source.items()}
        return study(training_config={"data": {"source": places}})

    began = of(EURUSD="a", GBPUSD="b", TEST="planted_1h")
    assert change(began, of(TEST="planted_1h", GBPUSD="b", EURUSD="a")) == ()
    (tmp_path / "moved").write_text("bars of a")
    assert change(began, of(EURUSD="moved", GBPUSD="b", TEST="planted_1h")) == ()
    assert any(line.startswith("data.sha256.EURUSD: ") for line in change(began, of(EURUSD="c", GBPUSD="b")))
    assert change(of(EURUSD="a", GBPUSD="b"), of(EURUSD="b", GBPUSD="a"))


def test_the_names_of_files_are_part_of_instruments_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "EURUSD.csv").write_text("1")
    (tmp_path / "GBPUSD.csv").write_text("2")
    config = {"source": str(tmp_path), "instruments": "all"}
    before = study(training_config={"data": config})
    stored = json.loads(json.dumps(fingerprint(before)))
    (tmp_path / "GBPUSD.csv").rename(tmp_path / "USDJPY.csv")
    assert difference(stored, fingerprint(before))
