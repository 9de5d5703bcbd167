"""A metric computed from several metrics: `score: sharpe - 0.5 * max_drawdown`.

Names of metrics may be in quotes: `score: '"eval/mean_reward" - 0.1 * "train/loss"'`. A score has no texts, so a text
in quotes is always a name.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from fxai.spec.search.expression import Expression, ExpressionError, number, parse_expression
from fxai.spec.search.metrics import SYNONYMS, reported_metric

SCORE = "score"  # name of the computed metric
_LIKE_A_NAME = re.compile(r"(?<![\w./])[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)+(?![\w./(])")
_IN_QUOTES = re.compile(r"""(["']).*?\1""")


def parse_score(text: str) -> Expression:
    """Parses a formula whose names are metrics. Raises `ExpressionError` if it is invalid."""
    return parse_expression(text, quoted_names=True)


def _formula(text: str) -> str:
    expression = parse_score(text)
    if not expression.names:
        raise ExpressionError(f"{text!r} names no metric")
    if SCORE in expression.names:
        raise ExpressionError("must not contain itself")
    return expression.text


Score = Annotated[str, AfterValidator(_formula)]


def check_score(text: str) -> str:
    """Returns the formula. Raises `ValueError` if `fx_trading` does not report one of its metrics."""
    for name in parse_score(text).names:
        reported_metric(name)
    return text


def score_advice(text: str) -> Iterator[str]:
    """Yields a warning about quotients without spaces, such as `eval/mean_reward`, that may be names of metrics."""
    names = dict.fromkeys(_LIKE_A_NAME.findall(_IN_QUOTES.sub(" ", text)))
    if names:
        yield (
            f"score reads {', '.join(names)} as a quotient; if it is the name of a metric, write it in quotes: "
            f"{_with_quotes(text, names)}; otherwise write spaces around the /"
        )


def with_score(metrics: Mapping[str, float], formula: str) -> dict[str, float]:
    """Returns the metrics with the score; unchanged if the formula is empty.

    Raises:
        ExpressionError: The score cannot be computed.
    """
    if not formula:
        return dict(metrics)
    expression = parse_score(formula)
    known = {**{alias: metrics[name] for alias, name in SYNONYMS.items() if name in metrics}, **metrics}
    if missing := [name for name in expression.names if name not in known]:
        message = f"the score {formula!r} needs {', '.join(missing)}, which was not reported"
        raise ExpressionError(f"{message}{_meant(missing, metrics, formula)}")
    return {**metrics, SCORE: number(expression.tree, known)}


def _meant(missing: Iterable[str], reported: Iterable[str], formula: str) -> str:
    """Returns advice to quote reported names that contain a missing name as a part; empty if there are none."""
    odd = [name for name in reported if not all(part.isidentifier() for part in name.split("."))]
    wanted = set(missing)
    meant = [name for name in odd if wanted.intersection(re.split(r"[^\w.]+", name))]
    return f"; write names such as {', '.join(meant)} in quotes: {_with_quotes(formula, meant)}" if meant else ""


def _with_quotes(formula: str, names: Iterable[str]) -> str:
    """Returns the line of a spec with the formula and these names in quotes."""
    for name in names:
        formula = re.sub(rf'(?<![\w."]){re.escape(name)}(?![\w."])', lambda match: f'"{match[0]}"', formula)
    doubled = formula.replace("'", "''")
    return f"score: '{doubled}'"
