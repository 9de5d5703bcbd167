"""Constraints of a study: which points of its space may be trained.

A constraint is a condition in the language of `expression.py`. How far a point is from keeping it tells a
sampler which way to go; `<=` and its relatives have a distance, all else is kept or broken by 1.
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

_BROKEN = 1.0  # where there is no distance, or none can be computed
_LEAST = 1e-9  # of what is broken by nothing: `1 < 1`


def _condition(text: str) -> str:
    """The text, if it is a condition."""
    expression = parse_expression(text)
    if not _is_condition(expression.tree):
        raise ExpressionError(f"{text!r} is no condition; compare it with something")
    if not expression.names:
        raise ExpressionError(f"{text!r} names nothing that is searched")
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
    """How far the values are from keeping it: above 0 exactly where it is broken or cannot be computed."""
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
