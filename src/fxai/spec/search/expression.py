"""Evaluates expressions over named values, such as `training.batch_size <= 0.5 * training.rollout_steps`.

Python's parser parses an expression. All syntax that is not listed below is refused before the evaluation, so that an
expression cannot call code, read an attribute or produce very large values. `eval` is not used.
Arithmetic uses floats. Comparisons use exact fractions of the decimal digits, so that `a + b <= 0.3` holds for 0.1 and
0.2, whose sum in floats is 0.30000000000000004.
"""

import ast
import math
import operator
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, TypeAlias

Value: TypeAlias = bool | int | float | str | None
Number: TypeAlias = float | Fraction
Numbers: TypeAlias = Callable[[Number], Number]
"""Converts numbers for the evaluation: `float` or `as_written`."""

LONGEST = 400  # characters, because constraints are keys in a study's database
_DEEPEST = 30
_DIGITS = 15  # decimal digits that every float stores exactly
_DRIFT = 1e-14  # relative rounding error that is ignored; sums of a few floats have less
_ARITHMETIC: dict[type[ast.AST], Callable[[Any, Any], Number]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: math.pow,
}
_FUNCTIONS: dict[str, Callable[..., Number]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "sqrt": math.sqrt,
    "log": math.log,
    "log2": math.log2,
    "log10": math.log10,
    "exp": math.exp,
    "floor": math.floor,
    "ceil": math.ceil,
}
_OF_SEVERAL = ("min", "max")
COMPARISONS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_OPERATIONS = "+ - * / // % **, comparisons, and, or, not, in, " + ", ".join(_FUNCTIONS)
_ALLOWED = f"numbers, texts in quotes, names, {_OPERATIONS}"
_ALLOWED_WITH_QUOTED_NAMES = (
    f'numbers, names, names with other characters in quotes, such as "eval/mean_reward", {_OPERATIONS}'
)


class ExpressionError(ValueError):
    """An expression is invalid or cannot be computed."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A valid expression. `names` are the names that need values, in the order of the text."""

    text: str
    names: tuple[str, ...]
    tree: ast.expr = field(repr=False, compare=False)

    def value(self, values: Mapping[str, Value]) -> Value:
        """Returns the value of the expression. Raises `ExpressionError` if it cannot be computed."""
        value: Value = evaluate(self.tree, values)
        return value


def parse_expression(text: str, *, quoted_names: bool = False) -> Expression:
    """Parses and checks an expression.

    Args:
        text: The expression.
        quoted_names: Whether a text in quotes is a name, so that a name may contain any character.

    Raises:
        ExpressionError: The expression is invalid or has syntax that is not allowed.
    """
    if len(text) > LONGEST:
        raise ExpressionError(f"is longer than {LONGEST} characters")
    allowed = _ALLOWED_WITH_QUOTED_NAMES if quoted_names else _ALLOWED
    try:
        with warnings.catch_warnings(action="ignore", category=SyntaxWarning):  # a backslash in quotes
            tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise ExpressionError(f"{text!r} is not an expression; allowed are {allowed}") from None
    names: dict[str, None] = {}
    try:
        tree = _QuotedNames().visit(tree) if quoted_names else tree
        _check(tree, names, 0)
    except _NotInTheLanguageError as error:
        raise ExpressionError(f"{error} is not allowed; allowed are {allowed}") from None
    except RecursionError:
        raise ExpressionError("is nested too deeply") from None
    return Expression(text.strip(), tuple(names), tree)


class _NotInTheLanguageError(Exception):
    """A part of an expression is not allowed; the message is that part."""


class _QuotedNames(ast.NodeTransformer):
    """Replaces each text by a name."""

    def visit_Constant(self, node: ast.Constant) -> ast.expr:  # ast's own
        if not isinstance(node.value, str):
            return node
        if not node.value.strip():
            raise ExpressionError("a name in quotes must not be empty")
        return ast.copy_location(ast.Name(node.value, ast.Load()), node)


def evaluate(node: ast.expr, values: Mapping[str, Value], numbers: Numbers = float) -> Any:  # noqa: PLR0911 -- one for each kind
    """Returns the value of a tree that `parse_expression` has checked.

    Args:
        node: The tree.
        values: Value by name.
        numbers: Converts the operands and results of arithmetic.
    """
    match node:
        case ast.Constant(value=value):
            return value
        case ast.Name() | ast.Attribute():
            return values[dotted_name(node)]
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not evaluate(operand, values, numbers)
        case ast.UnaryOp(op=sign, operand=operand):
            amount = number(operand, values, numbers)
            return -amount if isinstance(sign, ast.USub) else amount
        case ast.BinOp(left=left, op=op, right=right):
            return _computed(
                _ARITHMETIC[type(op)], node, numbers, [number(each, values, numbers) for each in (left, right)]
            )
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return _computed(_FUNCTIONS[name], node, numbers, [number(each, values, numbers) for each in arguments])
        case ast.BoolOp(op=ast.And(), values=parts):
            return all(evaluate(part, values, numbers) for part in parts)
        case ast.BoolOp(values=parts):
            return any(evaluate(part, values, numbers) for part in parts)
        case ast.Compare(left=left, ops=ops, comparators=rest):
            pairs = zip((left, *rest), ops, rest, strict=False)
            return all(holds(one, COMPARISONS[type(op)], other, values) for one, op, other in pairs)
    raise AssertionError(ast.dump(node))  # `_check` refuses all other nodes


def holds(one: ast.expr, comparison: str, other: ast.expr, values: Mapping[str, Value]) -> bool:
    """Whether one comparison holds, with numbers as exact decimal fractions."""
    left = evaluate(one, values, as_written)
    if comparison.endswith("in"):
        members = other.elts if isinstance(other, ast.Tuple | ast.List) else []
        return any(same(left, evaluate(each, values, as_written)) for each in members) is (comparison == "in")
    if comparison in ("==", "!="):
        return same(left, evaluate(other, values, as_written)) is (comparison == "==")
    right = number(other, values, as_written)
    if same(number(one, values, as_written), right):
        return comparison.endswith("=")
    return bool(left < right) is comparison.startswith("<")


def same(one: Value | Fraction, other: Value | Fraction) -> bool:
    """Whether two values are equal. A boolean does not equal a number; rounding errors of floats are ignored."""
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    if one == other:
        return True
    if isinstance(one, str | None) or isinstance(other, str | None) or not (_is_finite(one) and _is_finite(other)):
        return False
    left, right = float(one), float(other)
    return not (left.is_integer() and right.is_integer()) and math.isclose(left, right, rel_tol=_DRIFT)


def number(node: ast.expr, values: Mapping[str, Value], numbers: Numbers = float) -> Any:
    """Returns the value of a part as a number, converted by `numbers`. Raises `ExpressionError` for other values."""
    value = evaluate(node, values, numbers)
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        raise ExpressionError(f"{ast.unparse(node)} is {value!r}, which is not a number")
    if not _is_finite(value):
        raise ExpressionError(f"{ast.unparse(node)} is not finite")
    return numbers(value)


def as_written(value: Number) -> Fraction:
    """Returns the exact fraction of a number's decimal digits: 1/10 for 0.1."""
    return value if isinstance(value, Fraction) else Fraction(repr(value))


def dotted_name(node: ast.expr) -> str:
    """Returns the dotted name of a node, such as `training.batch_size`; empty if the node is not a name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=owner, attr=name):
            return f"{before}.{name}" if (before := dotted_name(owner)) else ""
    return ""


def _computed(function: Callable[..., Number], node: ast.expr, numbers: Numbers, arguments: list[Number]) -> Number:
    try:
        value = function(*arguments)
    except (ArithmeticError, ValueError):
        raise ExpressionError(f"{ast.unparse(node)} cannot be computed") from None
    if not _is_finite(value):
        raise ExpressionError(f"{ast.unparse(node)} is not finite")
    if numbers is as_written and isinstance(value, float):
        value = float(f"{value:.{_DIGITS}g}")  # the last digits of a root or a power are rounding errors
    return numbers(value)


def _is_finite(value: Number) -> bool:
    """Whether a number is finite as a float."""
    try:
        return math.isfinite(float(value))
    except OverflowError:
        return False


def _check(node: ast.AST, names: dict[str, None], depth: int) -> None:
    """Refuses syntax that is not allowed, and collects the names."""
    if depth > _DEEPEST:
        raise ExpressionError("is nested too deeply")
    for part in _parts(node, names):
        _check(part, names, depth + 1)


def _parts(node: Any, names: dict[str, None]) -> list[ast.expr]:  # noqa: PLR0911 -- one for each kind
    match node:
        case ast.Constant(value=int() | float() as value) if not _is_finite(value):
            raise ExpressionError("contains a number that is greater than any float")
        case ast.Constant(value=bool() | int() | float() | str() | None):
            return []
        case ast.Name() | ast.Attribute() if name := dotted_name(node):
            names[name] = None
            return []
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.UAdd(), operand=operand):
            return [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return [left, right]
        case ast.BoolOp(values=parts):
            return parts
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
            if not arguments or (len(arguments) > 1 and name not in _OF_SEVERAL):
                raise ExpressionError(f"{ast.unparse(node)}: {name} takes one number")
            return arguments
        case ast.Compare(left=left, ops=ops, comparators=rest) if all(type(op) in COMPARISONS for op in ops):
            return [left, *(part for op, side in zip(ops, rest, strict=True) for part in _sides(op, side))]
    raise _NotInTheLanguageError(repr(ast.unparse(node)))


def _sides(op: ast.cmpop, side: ast.expr) -> list[ast.expr]:
    """Returns the operands to the right of a comparison: the items of a list after `in`."""
    if not isinstance(op, ast.In | ast.NotIn):
        return [side]
    if not isinstance(side, ast.Tuple | ast.List):
        raise ExpressionError(f"'in' needs a list, as in {COMPARISONS[type(op)]} ['mlp', 'gru']")
    return side.elts
