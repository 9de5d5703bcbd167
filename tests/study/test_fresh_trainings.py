"""The file of the trainings on fresh seeds."""

import math
from pathlib import Path

import pytest

from fxai.protocol import StudyIdentity
from fxai.study.fresh_trainings import FreshTrainings, read_fresh_trainings

OWN = StudyIdentity("key", "fingerprint")


def test_written_trainings_are_read_back(tmp_path: Path) -> None:
    written = FreshTrainings(OWN).with_value(3, 11, 0.5).with_value(4, 11, math.nan)
    written.write(tmp_path / "trainings.json")
    read = read_fresh_trainings(tmp_path / "trainings.json", OWN)
    assert read.values.keys() == {(3, 11), (4, 11)}
    assert read.values[3, 11] == 0.5
    assert math.isnan(read.values[4, 11])


@pytest.mark.parametrize("other", [StudyIdentity("other", "fingerprint"), StudyIdentity("key", "other")])
def test_trainings_of_another_study_are_not_read(tmp_path: Path, other: StudyIdentity) -> None:
    FreshTrainings(other).with_value(3, 11, 0.5).write(tmp_path / "trainings.json")
    assert read_fresh_trainings(tmp_path / "trainings.json", OWN) == FreshTrainings(OWN)


@pytest.mark.parametrize("content", [None, "", "[]", "{}", '{"format": "fxai fresh trainings 1"}'])
def test_a_missing_or_damaged_file_has_no_trainings(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "trainings.json").write_text(content)
    assert read_fresh_trainings(tmp_path / "trainings.json", OWN) == FreshTrainings(OWN)
