import contextlib
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fxai.spec.search.expression import LONGEST, ExpressionError, Value, parse_expression

VALUES: dict[str, Value] = {"training.batch_size": 64, "rate": 0.5, "model.type": "gru", "on": True, "model.d_ff": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("training.batch_size * 2 + 1", 129.0),
        ("training.batch_size // 10 - -3 ** 2", 15.0),
        ("7 % 4 / 2", 1.5),
        ("min(training.batch_size, 3, 9) + abs(-rate)", 3.5),
        ("log2(training.batch_size)", 6.0),
        ("1 < rate * 4 < 3", True),
        ("1 < rate * 4 < 2", False),
        ("model.type in ['mlp', 'gru'] and not rate > 1", True),
        ("model.type not in ('mlp', 'gru') or on", True),
        ("on == 1", False),
        ("model.d_ff == None", True),
        ("model.type != 'mlp'", True),
    ],
)
def test_what_expressions_come_to(text: str, value: Any) -> None:
    assert parse_expression(text).value(VALUES) == value


def test_names_are_listed_once_in_the_order_of_the_text() -> None:
    assert parse_expression("b.c < a and a > min(b.c, d)").names == ("b.c", "a", "d")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "open('x')",
        "(lambda: 1)()",
        "[x for x in y]",
        "a[0] < 1",
        "'a'.upper() == b",
        "f'{a}' == b",
        "a if b else c",
        "min(a, key=b)",
        "min(*a)",
        "a in b",
        "a is b",
        "a @ b",
        "~a",
        "a; b",
        "a = 1",
        "",
        "1 <",
        "abs(1, 2)",
        "max()",
        "b'x' == a",
        "3j < a",
        "-" * 200 + "a",
        "(" * 300 + "a",
        "a" * (LONGEST + 1),
    ],
)
def test_what_the_language_does_not_have_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text)


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ExpressionError):
        assert parse_expression(text).text == text.strip()


@pytest.mark.parametrize(
    "text", ["1 / 0", "9.0 ** 9 ** 9", "log(-1)", "model.type < 3", "-on", "model.d_ff + 1", "exp(1e4)"]
)
def test_what_cannot_be_computed_says_so(text: str) -> None:
    with pytest.raises(ExpressionError):
        parse_expression(text).value(VALUES)


def test_names_with_underscores_are_names_and_nothing_more() -> None:
    """An attribute of Python's is looked up among the values, where it is not."""
    expression = parse_expression("rate.__class__ == 1")
    assert expression.names == ("rate.__class__",)
    with pytest.raises(KeyError):
        expression.value(VALUES)


@given(
    st.floats(-1e3, 1e3),
    st.floats(-1e3, 1e3),
    st.sampled_from(["{} + {} * 2", "({} - {}) / 3", "max({}, {}) - 1", "abs({}) * {}"]),
)
def test_arithmetic_is_pythons(a: float, b: float, form: str) -> None:
    value = parse_expression(form.format("a", "b")).value({"a": a, "b": b})
    assert isinstance(value, float)
    assert math.isclose(value, eval(form.format("a", "b"), {"a": a, "b": b, "max": max, "abs": abs}))  # noqa: S307
