"""What a trial's folder holds is the trial's, or renamed before the trial begins."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from fxai.protocol import Inherited, Report, StudyIdentity, TrialPaths, TrialRequest, adopt_folder, take_folder
from fxai.protocol.wire import to_line

STUDY = StudyIdentity("a study", "its fingerprint")
REPORTS = (Report(3, 1, 0.5), Report(3, 2, 0.1 + 0.2))
STORED = ((1, 0.5), (2, 0.1 + 0.2))


def request(folder: Path, **changes: Any) -> TrialRequest:
    made = TrialRequest(
        study="s",
        number=3,
        attempt=0,
        objective="code:train",
        params={"x": 0.1 + 0.2, "layers": "[64, 32]"},
        config={},
        base_config={},
        seeds=(7, 8),
        metric="value",
        directory=folder,
        study_identity=STUDY,
    )
    return replace(made, **changes)


def left_by(trial: TrialRequest, *, identified: bool = True) -> TrialPaths:
    """The folder as a run of the trial leaves it that was killed."""
    paths = TrialPaths(trial.directory)
    if identified:
        adopt_folder(trial)
    paths.checkpoint_dir.mkdir(parents=True)
    (paths.checkpoint_dir / "model").write_text("weights")
    paths.reports.write_bytes(b"".join(map(to_line, REPORTS)) + b'{"number": 3, "st')
    paths.log.write_text("began")
    return paths


def is_taken_up(paths: TrialPaths) -> bool:
    """Whether the folder still has what was left; if not, that is beside, all under one number."""
    if (paths.checkpoint_dir / "model").exists():
        return paths.reports.exists()
    (beside,) = paths.directory.glob("checkpoint~*/model")
    number = beside.parent.name.partition("~")[2]
    assert beside.read_text() == "weights"
    assert paths.reports.with_name(f"reports.jsonl~{number}").exists()
    assert paths.log.with_name(f"trial.log~{number}").read_text() == "began"
    assert not paths.reports.exists()
    return False


def test_the_same_trial_continues_from_its_files(tmp_path: Path) -> None:
    paths = left_by(request(tmp_path))
    take_folder(request(tmp_path, attempt=4, directory=tmp_path, stored_reports=STORED[:1]))
    assert is_taken_up(paths)


@pytest.mark.parametrize(
    "changes",
    [
        {"study": "t"},
        {"study_identity": StudyIdentity("another study", STUDY.fingerprint)},
        {"study_identity": StudyIdentity(STUDY.key, "another fingerprint")},
        {"number": 4},
        {"params": {"x": 0.3, "layers": "[64, 32]"}},
        {"params": {"x": 0.1 + 0.2}},
        {"seeds": (7,)},
        {"seeds": (8, 7)},
        {"stored_reports": None},
    ],
    ids=str,
)
def test_another_trial_begins_anew_and_nothing_is_deleted(tmp_path: Path, changes: dict[str, Any]) -> None:
    paths = left_by(request(tmp_path))
    another = request(tmp_path, **changes)
    take_folder(another)
    assert not is_taken_up(paths)
    take_folder(replace(another, stored_reports=()))
    assert not (tmp_path / "identity.json~2").exists(), "the folder is the other trial's since"


@pytest.mark.parametrize("content", ["rubbish", "[]", "", "{}"])
def test_an_unreadable_identity_belongs_to_no_trial(tmp_path: Path, content: str) -> None:
    paths = left_by(request(tmp_path))
    paths.identity.write_text(content)
    take_folder(request(tmp_path, stored_reports=STORED))
    assert not is_taken_up(paths)


def test_what_is_renamed_keeps_what_was_renamed_before(tmp_path: Path) -> None:
    for place, key in enumerate(("a", "b", "c")):
        left_by(request(tmp_path, study_identity=StudyIdentity(key)))
        take_folder(request(tmp_path, study_identity=StudyIdentity(f"after {key}")))
        assert len([*tmp_path.glob("checkpoint~*/model")]) == place + 1


@pytest.mark.parametrize(
    ("stored", "taken"),
    [
        (STORED, True),
        (STORED[:1], False),
        ((*STORED, (3, 0.5)), False),
        (((1, 0.5), (2, 0.3)), False),
        ((), False),
        (None, False),
    ],
)
def test_without_an_identity_the_study_must_hold_the_reports(tmp_path: Path, stored: Any, taken: bool) -> None:  # noqa: FBT001
    paths = left_by(request(tmp_path), identified=False)
    take_folder(request(tmp_path, stored_reports=stored))
    assert is_taken_up(paths) is taken
    if taken:
        take_folder(request(tmp_path))
        assert is_taken_up(paths), "it has an identity since"


def test_without_identity_and_reports_a_checkpoint_is_not_taken_up(tmp_path: Path) -> None:
    paths = TrialPaths(tmp_path)
    paths.checkpoint_dir.mkdir()
    take_folder(request(tmp_path))
    assert not paths.checkpoint_dir.exists()


@pytest.mark.parametrize("metadata", [{"fxai": '{"identity": {}}'}, {"fxai": "[]"}, {"fxai": "5"}, None], ids=str)
def test_checkpoints_of_agents_hold_an_identity_themselves(tmp_path: Path, metadata: dict[str, str] | None) -> None:
    paths = TrialPaths(tmp_path)
    save_file({"weights": np.zeros(3)}, paths.checkpoint, metadata)
    paths.agent.write_bytes(b"of a trial that has ended")
    take_folder(request(tmp_path))
    assert paths.checkpoint.exists() is (metadata == {"fxai": '{"identity": {}}'})
    assert (tmp_path / "agent.safetensors~1").exists()


def test_a_member_of_a_population_stays_itself_when_it_inherits(tmp_path: Path) -> None:
    inherited = Inherited(9, 4, TrialPaths(tmp_path).inherited(4))
    paths = left_by(request(tmp_path))
    inherited.checkpoint.write_bytes(b"the donor's")
    member = request(tmp_path, params={"x": 9.0}, inherited=inherited)
    take_folder(member)
    assert is_taken_up(paths)
    take_folder(member)
    assert is_taken_up(paths)
    take_folder(replace(member, study_identity=StudyIdentity("another study")))
    assert not is_taken_up(paths)
    assert inherited.checkpoint.exists(), "it was put there for this trial"
