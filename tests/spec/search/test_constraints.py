import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from fxai.spec.search.constraints import Constraint, violation
from fxai.spec.search.expression import Value, parse_expression

CONSTRAINT: TypeAdapter[str] = TypeAdapter(Constraint)
NUMBERS = st.integers(-5, 5).map(float) | st.floats(-10, 10)
SIDES = st.sampled_from(["a", "b", "c", "a + b", "2 * c", "1.5", "max(a, c)"])


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """Comparisons, alone and joined."""
    kind = draw(st.sampled_from(["comparison", "and", "or", "not"])) if depth else "comparison"
    if kind == "comparison":
        return f"{draw(SIDES)} {draw(st.sampled_from(['<', '<=', '>', '>=', '==', '!=']))} {draw(SIDES)}"
    if kind == "not":
        return f"not ({draw(conditions(depth=depth - 1))})"
    return f"({draw(conditions(depth=depth - 1))}) {kind} ({draw(conditions(depth=depth - 1))})"


@given(conditions(), NUMBERS, NUMBERS, NUMBERS)
def test_a_violation_is_positive_exactly_where_the_condition_fails(text: str, a: float, b: float, c: float) -> None:
    values: dict[str, Value] = {"a": a, "b": b, "c": c}
    assert (violation(text, values) <= 0) is parse_expression(text).value(values)


def test_the_distance_is_that_of_the_sides() -> None:
    assert violation("a <= b", {"a": 9, "b": 4}) == 5
    assert violation("b >= a", {"a": 9, "b": 4}) == 5
    assert violation("a <= b", {"a": 1, "b": 4}) == -3
    assert violation("a == b", {"a": 9, "b": 4}) == 5
    assert 0 < violation("a < b", {"a": 4, "b": 4}) < 1e-6
    assert violation("a <= b and b <= 2", {"a": 9, "b": 4}) == 5
    assert violation("a <= b or b <= 2", {"a": 9, "b": 4}) == 2


def test_what_is_no_number_or_cannot_be_computed_is_broken_by_one() -> None:
    assert violation("a == 'mlp'", {"a": "gru"}) == 1
    assert violation("a / b <= 3", {"a": 1, "b": 0}) == 1
    assert violation("a < 3", {"a": None}) == 1
    assert violation("a", {"a": False}) == 1
    assert violation("a", {"a": True}) == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a + 1", "is not a condition; add a comparison"),
        ("-a", "is not a condition"),
        ("a < 1 and b + 2", "is not a condition"),
        ("1 < 2", "names no parameter or field"),
        ("f(a) < 1", "is not allowed"),
    ],
)
def test_a_constraint_is_a_condition_on_something(text: str, message: str) -> None:
    with pytest.raises(ValidationError, match="Value error") as caught:
        CONSTRAINT.validate_python(text)
    assert message in str(caught.value)
