"""Records survive the way between processes."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.protocol import Cause, Report, TrialError, TrialRequest, TrialResult, TrialState
from fxai.protocol.wire import from_line, to_line

VALUES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text()


@given(params=st.dictionaries(st.text(), VALUES), seed=st.integers(0, 2**63 - 1))
def test_a_request_is_read_back_unchanged(params: dict[str, bool | int | float | str | None], seed: int) -> None:
    request = TrialRequest(
        study="s",
        number=3,
        attempt=1,
        objective="fx_trading",
        params=params,
        config={"training": {"learning_rate": 1e-4, "choices": [1, None, "x"]}},
        base_config={},
        seeds=(seed,),
        metric="mean_reward",
        directory=Path("trials/00003"),
    )
    assert from_line(TrialRequest, to_line(request)) == request


def test_numbers_that_are_not_finite_are_read_back() -> None:
    result = TrialResult(1, TrialState.FAIL, 2.5, value=math.nan, metrics={"loss": -math.inf})
    received = from_line(TrialResult, to_line(result))
    assert received.value is not None
    assert math.isnan(received.value)
    assert received.metrics == {"loss": -math.inf}


def test_an_error_keeps_its_lines() -> None:
    error = TrialError(Cause.EXCEPTION, "one line", "Traceback\n  two\nlines\n")
    line = to_line(TrialResult(0, TrialState.FAIL, 0.0, error=error))
    assert line.count(b"\n") == 1
    assert from_line(TrialResult, line).error == error


@pytest.mark.parametrize("line", [b"", b"{}", b"training loss 0.3\n", b'{"number": "one"}', b"[1, 2]"])
def test_what_is_not_a_record_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_line(Report, line)
