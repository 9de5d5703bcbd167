"""Text of metric values."""

import ast
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fxai
from fxai.metric_text import axis_format, difference_text, metric_texts, number_text
from fxai.protocol import MARKET_ERROR, SEED_ERROR, STANDARD_ERROR
from fxai.spec.search.metrics import FRACTIONS, METRICS

SHARES = ("total_return", "cumulative_return", "max_drawdown", "win_rate")


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (0.0034217, 0.00021345, "0.00342 ± 0.00021"),
        (-0.00115, 0.0012, "-0.0011 ± 0.0012"),
        (15.42, 0.5, "15.42 ± 0.50"),
        (15.42, 123.0, "15 ± 123"),
        (0.25, None, "0.25"),
        (0.25, 0.0, "0.25 ± 0"),
        (0.25, math.inf, "0.25 ± inf"),
        (1.5e-9, 2.04e-10, "1.5e-09 ± 2e-10"),
        (1234567.0, 2.5, "1.23457e+06 ± 2.5"),
    ],
)
def test_a_value_is_as_exact_as_its_standard_error(value: float, error: float | None, text: str) -> None:
    assert number_text("sharpe", value, error, trading=True) == text


@given(st.floats(), st.none() | st.floats(min_value=0))
def test_a_text_is_short(value: float, error: float | None) -> None:
    assert len(number_text("sharpe", value, error, trading=True)) <= 30


@pytest.mark.parametrize("name", SHARES)
def test_a_share_is_shown_in_percent(name: str) -> None:
    assert number_text(name, 0.0123, trading=True) == "1.23 %"
    assert number_text(name, -0.0107, 0.0035, trading=True) == "-1.07 ± 0.35 %"
    assert difference_text(name, 0.0107, 0.0035, trading=True) == "1.07 ± 0.35 percentage points"
    assert axis_format(name, trading=True)["tickformat"].endswith("%")


@pytest.mark.parametrize("name", SHARES)
def test_a_custom_metric_is_a_plain_number(name: str) -> None:
    assert number_text(name, 0.0123, 0.0035, trading=False) == "0.0123 ± 0.0035"
    assert difference_text(name, 0.0123, trading=False) == "0.0123"
    assert axis_format(name, trading=False) == {}


@pytest.mark.parametrize("name", [*(name for name in METRICS if name not in FRACTIONS), "score"])
def test_other_metrics_and_weighted_scores_are_plain_numbers(name: str) -> None:
    assert number_text(name, 0.0123, trading=True) == difference_text(name, 0.0123, trading=True) == "0.0123"
    assert axis_format(name, trading=True) == {}


def test_each_metric_has_its_error_beside_it() -> None:
    metrics = {
        "total_return": 0.05,
        "win_rate": 0.5,
        "sharpe": 1.25,
        "win_rate_error": 0.1,
        STANDARD_ERROR: 0.01,
        SEED_ERROR: 0.006,
        MARKET_ERROR: 0.008,
    }
    assert metric_texts(metrics, value_of="total_return", trading=True) == {
        "total_return": "5.0 ± 1.0 %",
        "win_rate": "50 ± 10 %",
        "sharpe": "1.25",
    }


def test_no_other_module_formats_a_value_with_its_error() -> None:
    """A value formatted in another module would not be shown in percent."""
    for path in Path(fxai.__file__).parent.rglob("*.py"):
        if path.name == "metric_text.py":
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts = [part.value for part in node.values if isinstance(part, ast.Constant)]
                assert not any(" ± " in str(text) for text in texts), f"{path}:{node.lineno}"
