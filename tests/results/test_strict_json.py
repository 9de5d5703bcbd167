import json
import math
from datetime import UTC, datetime, timedelta, timezone
from typing import NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.protocol import Cause
from fxai.results.strict_json import json_text, json_value

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


@given(VALUES)
def test_any_plain_value_becomes_json_without_nan_or_infinity(value: object):
    text = json_text(value)
    assert json.loads(text, parse_constant=_refuse) == json_value(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_finite_numbers_keep_every_bit(number: float):
    assert json.loads(json_text([number])) == [number]


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_json_lacks_is_null(number: float):
    assert json_value({"a": (1, number)}) == {"a": [1, None]}


def test_times_are_in_utc_and_enums_by_value():
    noon = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    assert json_value([noon, Cause.NO_PROGRESS]) == ["2026-03-02T10:00:00+00:00", "no progress"]
    local = datetime(2026, 3, 2, 12)  # noqa: DTZ001 (as Optuna's are)
    assert json_value(local) == local.astimezone(UTC).isoformat()


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="set has no JSON form"):
        json_value({1})
