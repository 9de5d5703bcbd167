"""The text of a decision."""

import numpy as np

from fxai.market.news.decisions import NewsDecision
from fxai.market.news.prompts import prompt, prompts
from fxai.spec.fields.decision_config import DecisionConfig

DECISION = NewsDecision(
    instrument="AAPL",
    time=np.datetime64("2024-01-03", "ns"),  # the close of the bar of January 2
    row=1,
    titles=("Apple {date} rises", "A note"),
    summaries=("It rises.", ""),
)


def test_a_template_of_ones_own_is_filled_and_braces_in_headlines_stay() -> None:
    config = DecisionConfig(template="{instrument} {date} {{}} +-{signal_strength}\n{headlines}", summaries=True)
    assert prompt(DECISION, config, 10) == "AAPL 2024-01-02 {} +-10\n- Apple {date} rises: It rises.\n- A note"


def test_the_default_template_has_the_titles_alone() -> None:
    text = prompt(DECISION, DecisionConfig(), 7)
    assert "- Apple {date} rises\n- A note\n" in text
    assert "AAPL" in text
    assert "-7" in text
    assert prompts([DECISION, DECISION], DecisionConfig(), 7) == [text, text]
