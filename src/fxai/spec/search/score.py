"""A score made of several metrics: `score: sharpe - 0.5 * max_drawdown`.

What stands in quotes is a metric's name too: `score: '"eval/mean_reward" - 0.1 * "train/loss"'`. A score is computed of
numbers alone, so there are no texts with which such a name could be confused.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated

from pydantic import AfterValidator

from fxai.spec.search.expression import Expression, ExpressionError, number, parse_expression
from fxai.spec.search.metrics import SYNONYMS, reported_metric

SCORE = "score"  # the metric that it is
_LIKE_A_NAME = re.compile(r"(?<![\w./])[A-Za-z_][\w.]*(?:/[A-Za-z_][\w.]*)+(?![\w./(])")
_IN_QUOTES = re.compile(r"""(["']).*?\1""")


def parse_score(text: str) -> Expression:
    """The formula, whose names are metrics; ExpressionError says what the language does not have."""
    return parse_expression(text, quoted_names=True)


def _formula(text: str) -> str:
    expression = parse_score(text)
    if not expression.names:
        raise ExpressionError(f"{text!r} names no metric")
    if SCORE in expression.names:
        raise ExpressionError("cannot be made of itself")
    return expression.text


Score = Annotated[str, AfterValidator(_formula)]


def check_score(text: str) -> str:
    """The formula; ValueError where it names a metric that `fx_trading` does not report."""
    for name in parse_score(text).names:
        reported_metric(name)
    return text


def score_advice(text: str) -> Iterator[str]:
    """Quotients that look like one name: `eval/mean_reward`, written without spaces."""
    names = dict.fromkeys(_LIKE_A_NAME.findall(_IN_QUOTES.sub(" ", text)))
    if names:
        yield (
            f"in score, {', '.join(names)} is a quotient; where it is the name of a metric, write it in quotes, "
            f"{_with_quotes(text, names)}; where it is not, write spaces around the /"
        )


def with_score(metrics: Mapping[str, float], formula: str) -> dict[str, float]:
    """The metrics and the score that they make; as they are without a formula.

    ExpressionError where it cannot be computed.
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
    """Names that were reported and can only be written in quotes, if one of the missing is a part of them."""
    odd = [name for name in reported if not all(part.isidentifier() for part in name.split("."))]
    wanted = set(missing)
    meant = [name for name in odd if wanted.intersection(re.split(r"[^\w.]+", name))]
    return f"; write names as {', '.join(meant)} in quotes, {_with_quotes(formula, meant)}" if meant else ""


def _with_quotes(formula: str, names: Iterable[str]) -> str:
    """The formula as a spec has it, with these names in quotes."""
    for name in names:
        formula = re.sub(rf'(?<![\w."]){re.escape(name)}(?![\w."])', lambda match: f'"{match[0]}"', formula)
    doubled = formula.replace("'", "''")
    return f"score: '{doubled}'"
