"""`fxai evaluate AGENT --costs 0.5,1,2`: the agent's scores if trades cost multiples of what they do."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fxai.cli.output import print_sentences, print_table, print_text, stdout
from fxai.cli.score_columns import SCORE_HEADINGS, score_cells
from fxai.errors import InputError
from fxai.protocol.standard_error import mean

if TYPE_CHECKING:
    from fxai.rl.agents.agent import Agent
    from fxai.rl.agents.evaluation_window import EvaluationWindow


@dataclass(frozen=True, slots=True)
class AtCosts:
    """The scores at one multiple of the costs; of several instruments, their means."""

    costs: float
    metrics: Mapping[str, float]


def cost_multiples(text: str | None) -> tuple[float, ...]:
    """The multiples that `--costs` names; empty without it.

    Raises:
        InputError: They are no list of numbers that are 0 or above.
    """
    if text is None:
        return ()
    try:
        found = tuple(float(each) for each in text.split(","))
    except ValueError:
        found = (math.nan,)
    if not all(0 <= each < math.inf for each in found):
        raise InputError(f"--costs: must be numbers that are 0 or above, such as 0.5,1,2,4, not {text!r}")
    return found


def scores_at_costs(
    evaluated: Sequence[tuple["Agent", "EvaluationWindow"]], multiples: Sequence[float], device: str
) -> tuple[AtCosts, ...]:
    """The scores of an agent on its bars, or the means over those of its instruments, at each multiple."""
    from fxai.rl.agents.cost_multiples import metrics_at_costs  # noqa: PLC0415 - slow to load

    rows = []
    for multiple in multiples:
        each = [
            metrics_at_costs(agent, window.market, window.span, multiple, parts=window.parts, device=device)
            for agent, window in evaluated
        ]
        rows.append(AtCosts(multiple, {name: mean([metrics[name] for metrics in each]) for name in each[0]}))
    return tuple(rows)


def print_costs(rows: Sequence[AtCosts]) -> None:
    """Print a row for each multiple."""
    if not rows:
        return
    console = stdout()
    print_text(console, "")
    print_table(
        console, ("Costs", *SCORE_HEADINGS), [(f"{row.costs:g} times", *score_cells(row.metrics)) for row in rows]
    )
    print_sentences(console, "Costs are the spread, slippage and commission of each fill. Swaps stay as they are.")


def costs_document(rows: Sequence[AtCosts]) -> dict[str, object]:
    """The part of a JSON document; empty without rows."""
    return {"costs": [{"costs": row.costs, "metrics": dict(row.metrics)} for row in rows]} if rows else {}
