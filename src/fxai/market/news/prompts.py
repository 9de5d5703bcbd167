"""The text of a decision, which a language model reads."""

from collections.abc import Iterable

import numpy as np

from fxai.market.news.decisions import NewsDecision
from fxai.spec.fields.decision_config import DecisionConfig

_MOMENT = np.timedelta64(1, "ns")


def prompt(decision: NewsDecision, config: DecisionConfig, signal_strength: int) -> str:
    """The text of a decision by `decisions.template`.

    The date is that of the last moment before the decision, in UTC. Each headline is a line. A field's name in braces
    within a headline is text.

    Args:
        decision: The decision.
        config: Template, and whether summaries follow titles.
        signal_strength: Largest signal.
    """
    return config.template.format(
        instrument=decision.instrument,
        date=np.datetime_as_string(decision.time - _MOMENT, unit="D"),
        headlines="\n".join(_lines(decision, summaries=config.summaries)),
        signal_strength=signal_strength,
    )


def prompts(decisions: Iterable[NewsDecision], config: DecisionConfig, signal_strength: int) -> list[str]:
    """The text of each decision; see `prompt`."""
    return [prompt(decision, config, signal_strength) for decision in decisions]


def _lines(decision: NewsDecision, *, summaries: bool) -> Iterable[str]:
    for title, summary in zip(decision.titles, decision.summaries, strict=True):
        yield f"- {title}: {summary}" if summaries and summary else f"- {title}"
