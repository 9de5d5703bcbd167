"""Constraints of a study: conditions that a point of its search space must satisfy to be trained.

A constraint is written in the language of `expression.py`. Samplers use the amount of its violation. The violation of
`<`, `<=`, `>`, `>=` and `==` is a distance between numbers, that of any other condition is 0 or 1.
"""

import ast
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator

from fxai.spec.search.expression import (
    COMPARISONS,
    ExpressionError,
    Value,
    as_written,
    evaluate,
    holds,
    number,
    parse_expression,
)

_BROKEN = 1.0  # violation if there is no distance, or if it cannot be computed
_LEAST = 1e-9  # violation if the distance is 0, as in `1 < 1`


def _condition(text: str) -> str:
    """Returns the text. Raises `ExpressionError` if it is not a condition."""
    expression = parse_expression(text)
    if not _is_condition(expression.tree):
        raise ExpressionError(f"{text!r} is not a condition; add a comparison, such as <=")
    if not expression.names:
        raise ExpressionError(f"{text!r} names no parameter or field")
    return expression.text


def _is_condition(node: ast.expr) -> bool:
    match node:
        case ast.BoolOp(values=parts):
            return all(map(_is_condition, parts))
        case ast.UnaryOp(op=op, operand=operand):
            return isinstance(op, ast.Not) and _is_condition(operand)
    return isinstance(node, ast.Compare | ast.Name | ast.Attribute)


Constraint = Annotated[str, AfterValidator(_condition)]


def violation(constraint: str, values: Mapping[str, Value]) -> float:
    """Returns the violation of a constraint: above 0 if and only if it is broken or cannot be computed."""
    try:
        return _violation(parse_expression(constraint).tree, values)
    except ExpressionError:
        return _BROKEN


def _violation(node: ast.expr, values: Mapping[str, Value]) -> float:
    match node:
        case ast.BoolOp(op=ast.And(), values=parts):
            return max(_violation(part, values) for part in parts)
        case ast.BoolOp(values=parts):
            return min(_violation(part, values) for part in parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            inner = _violation(operand, values)
            return max(-inner, _LEAST) if inner <= 0 else -inner
        case ast.Compare(left=left, ops=ops, comparators=rest):
            pairs = zip(pairwise((left, *rest)), ops, strict=True)
            return max(_of_comparison(one, COMPARISONS[type(op)], other, values) for (one, other), op in pairs)
    return 0.0 if evaluate(node, values) is True else _BROKEN


def _of_comparison(one: ast.expr, comparison: str, other: ast.expr, values: Mapping[str, Value]) -> float:
    kept = holds(one, comparison, other, values)
    if comparison in ("<", "<=", ">", ">="):
        distance = _difference(one, other, values)
        distance = distance if comparison.startswith("<") else -distance
        return min(distance, 0.0) if kept else max(distance, _LEAST)
    if comparison == "==" and not kept:
        try:
            return max(abs(_difference(one, other, values)), _LEAST)
        except ExpressionError:  # texts
            return _BROKEN
    return 0.0 if kept else _BROKEN


def _difference(one: ast.expr, other: ast.expr, values: Mapping[str, Value]) -> float:
    return float(number(one, values, as_written) - number(other, values, as_written))
