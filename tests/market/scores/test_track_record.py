"""A track record as JSON and back, and files that hold none."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fxai.errors import InputError
from fxai.market.scores.track_record import ClosedTrade, TrackRecord, read_track_record

RECORD = TrackRecord(
    split="validation",
    times=("2017-01-02T00:00:00Z", "2017-01-02T01:00:00Z"),
    close=np.array([1.1, 1.2]),
    equity=np.array([0.999, 1.01]),
    position=np.array([0.0, -1.0]),
    drawdown=np.array([0.001, 0.0]),
    trades=(ClosedTrade("2017-01-02T01:00:00Z", "2017-01-02T01:00:00Z", "short", 1.2, 1.19, 0.008),),
    metrics={"sharpe": 1.5},
    baselines={"flat": np.ones(2)},
    baseline_metrics={"flat": {"sharpe": 0.0}},
    made_of={"seed": 3},
)


def test_it_goes_round(tmp_path: Path) -> None:
    RECORD.write(tmp_path / "record.json")
    back = read_track_record(tmp_path / "record.json")
    assert back.as_json() == RECORD.as_json()
    assert back.trades == RECORD.trades
    assert (back.position.dtype, back.equity.dtype) == (np.float64, np.float64)


def test_positions_between_short_and_long_go_round_and_whole_ones_are_written_as_in_earlier_releases() -> None:
    assert json.dumps(RECORD.as_json()["position"]) == "[0, -1]"
    sized = replace(RECORD, position=np.array([0.1, -0.5]))
    assert TrackRecord.from_json(sized.as_json()).position.tolist() == [0.1, -0.5]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "cannot be read"),
        ("[]", "is not a track record"),
        ('{"format": "another"}', "of this version"),
        (json.dumps({**RECORD.as_json(), "equity": None} | {"format": "fxai track record 1"})[:-20], "cannot be read"),
        (json.dumps({k: v for k, v in RECORD.as_json().items() if k != "trades"}), "lacks trades"),
    ],
)
def test_another_file_is_none(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "record.json").write_text(text)
    with pytest.raises(InputError, match=fault):
        read_track_record(tmp_path / "record.json")


def test_a_file_that_is_not_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read_track_record(tmp_path / "record.json")
