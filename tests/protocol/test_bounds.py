"""Reports and results of any objective become plain numbers within the bounds of a database."""

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from fxai.protocol import Cause, Report, TrialError, TrialResult, TrialState, Usage, bounded_report, bounded_result
from fxai.protocol.bounds import LONGEST_MESSAGE, LONGEST_NAME, MOST_METRICS
from fxai.protocol.records import MOST_STEP
from fxai.protocol.wire import from_line, to_line

SERVERS_MOST = 2**31 - 1  # of an integer of PostgreSQL and MySQL


class Hostile:
    """Raises at every conversion."""

    def __float__(self) -> float:
        raise RuntimeError("no float")

    def __repr__(self) -> str:
        raise RuntimeError("no words")


numbers = st.one_of(
    st.floats(),
    st.integers(),
    st.integers(308, 5000).map(lambda digits: -(10**digits)),
    st.integers(308, 5000).map(lambda digits: 10**digits),
    st.sampled_from([np.float32(1.5), np.int64(3), np.array(2.0), np.array([1.0, 2.0]), Fraction(10**400, 3)]),
    st.booleans(),
    st.text(max_size=5),
    st.none(),
    st.builds(Hostile),
    st.lists(st.integers(), max_size=2),
)
ODD_NAMES = ["", "fxai:seed", "standard_error", "\ud800", "n" * 600, 3, None]
names = st.one_of(st.text(max_size=8), st.sampled_from(ODD_NAMES))
metrics = st.one_of(st.dictionaries(names, numbers, max_size=6), st.none(), st.integers())


def is_storable(name: str) -> bool:
    return bool(name.encode()) and len(name) <= LONGEST_NAME and not name.startswith("fxai:")


@given(
    step=numbers,
    value=numbers,
    told=metrics,
    env_steps=numbers,
    last=st.none() | st.integers(0, MOST_STEP),
    most=st.sampled_from([MOST_STEP, SERVERS_MOST]),
)
@example(step=2**63, value=1.0, told={}, env_steps=0, last=None, most=MOST_STEP)
@example(step=2**31, value=1.0, told={}, env_steps=0, last=None, most=SERVERS_MOST)
def test_any_report_becomes_plain_numbers(
    *, step: Any, value: Any, told: Any, env_steps: Any, last: int | None, most: int
) -> None:
    report = bounded_report(Report(1, step, value, told, env_steps), last, most)
    assert 0 <= report.step <= most
    assert 0 <= report.env_steps <= MOST_STEP
    assert all(is_storable(name) for name in report.metrics)
    assert report.passed_over or (math.isfinite(report.value) and (last is None or report.step > last))
    assert report.flaw or not report.passed_over
    (again,) = [from_line(Report, to_line(report))]
    assert repr(again) == repr(report), "it travels as a line of JSON"
    assert repr(bounded_report(report, last, most)) == repr(report), "it stays as it is"


def test_a_step_beyond_the_database_is_passed_over_and_the_flaw_says_whose_limit_it_is() -> None:
    assert not bounded_report(Report(1, 2**31, 1.0), None).passed_over
    assert not bounded_report(Report(1, SERVERS_MOST, 1.0), None, SERVERS_MOST).passed_over
    report = bounded_report(Report(1, 2**31, 1.0), None, SERVERS_MOST)
    assert report.passed_over
    assert report.flaw == (
        "a report's step must be a whole number from 0 to 2^31 - 1, the greatest step that this database holds, "
        "not 2147483648"
    )


@given(value=numbers, told=metrics, took=numbers, text=st.text() | st.sampled_from(["\ud800", "m" * 10**5]))
def test_any_result_becomes_plain_numbers(value: Any, told: Any, took: Any, text: str) -> None:
    usage = Usage(took, took, took, took)
    error = TrialError(Cause.EXCEPTION, text, text)
    result = bounded_result(TrialResult(1, TrialState.FAIL, took, value, told, error, usage), seconds=2.0)
    assert math.isfinite(result.seconds)
    assert result.error is not None
    assert len(result.error.message) <= LONGEST_MESSAGE + len("...") + 10 * text.count("\ud800")
    assert json.dumps(result.error.message).isascii()
    result.error.traceback.encode()
    assert repr(from_line(TrialResult, to_line(result))) == repr(result)


def test_metrics_beyond_so_many_are_left_out() -> None:
    told = {f"metric {place}": 1.0 for place in range(MOST_METRICS + 5)}
    report = bounded_report(Report(1, 1, 0.5, told), None)
    assert len(report.metrics) == MOST_METRICS
    assert not report.passed_over
    assert "at most 1000 metrics" in report.flaw
