"""A score made of several metrics: `score: sharpe - 0.5 * max_drawdown`."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator

from fxai.spec.expression import ExpressionError, number, parse_expression
from fxai.spec.metrics import METRICS, SYNONYMS, unknown_metric

SCORE = "score"  # the metric that it is


def _formula(text: str) -> str:
    expression = parse_expression(text)
    if not expression.names:
        raise ExpressionError(f"{text!r} names no metric")
    if SCORE in expression.names:
        raise ExpressionError("cannot be made of itself")
    return expression.text


Score = Annotated[str, AfterValidator(_formula)]


def check_score(text: str) -> str:
    """The formula; ValueError where it names a metric that `fx_trading` does not report."""
    for name in parse_expression(text).names:
        if SYNONYMS.get(name, name) not in METRICS:
            raise ValueError(unknown_metric(name))
    return text


def with_score(metrics: Mapping[str, float], formula: str) -> dict[str, float]:
    """The metrics and the score that they make; as they are without a formula.

    ExpressionError where it cannot be computed.
    """
    if not formula:
        return dict(metrics)
    expression = parse_expression(formula)
    known = {**metrics, **{alias: metrics[name] for alias, name in SYNONYMS.items() if name in metrics}}
    if missing := [name for name in expression.names if name not in known]:
        raise ExpressionError(f"the score {formula!r} needs {', '.join(missing)}, which was not reported")
    return {**metrics, SCORE: number(expression.tree, known)}
