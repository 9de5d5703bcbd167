"""The section `decisions`: what a decision reads, what it is asked, and the return that it is trained with."""

import string
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from fxai.spec.fields.defaults import MAX_COUNT
from fxai.spec.fields.record import Record
from fxai.spec.fields.suggestion import did_you_mean

TEMPLATE_FIELDS: Final = ("instrument", "date", "headlines", "signal_strength")
"""Names in braces that a template may have."""

_TEMPLATE: Final = (
    "News about {instrument} until {date}:\n{headlines}\n"
    "How will its price move? Answer with a whole number from -{signal_strength} (it falls) to {signal_strength} (it "
    "rises).\nAnswer: "
)


def _check_template(template: str) -> str:
    """Refuses a template without headlines, or with an unknown or malformed field."""
    try:
        parts = list(string.Formatter().parse(template))
    except ValueError as error:
        raise ValueError(f"the braces do not fit ({error}); write {{{{ and }}}} for braces in the text") from None
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in TEMPLATE_FIELDS or form or conversion:
            hint = did_you_mean(name, TEMPLATE_FIELDS) or "."
            fields = ", ".join(f"{{{each}}}" for each in TEMPLATE_FIELDS)
            raise ValueError(f"unknown field {{{name}}}{hint} The fields of a template are {fields}")
    if "headlines" not in {name for _, name, _, _ in parts}:
        raise ValueError("must contain {headlines}, the news that the decision reads")
    return template


class DecisionConfig(Record):
    """Decisions on each instrument at the close of each bar that has news. Lengths are numbers of bars."""

    lookahead: int = Field(
        default=3, ge=1, le=MAX_COUNT, description="bars from the fill on, over which a decision's return is measured"
    )
    gap: int | None = Field(
        default=None,
        ge=0,
        le=MAX_COUNT,
        description="bars left out between two splits; by default the longest lookahead, over the whole search space",
    )
    news_bars: int = Field(
        default=1,
        ge=1,
        le=MAX_COUNT,
        description="bars whose news a decision reads; 1 is the news since the close of the bar before",
    )
    max_headlines: int = Field(
        default=8, ge=1, le=1000, description="most headlines of a decision; the latest ones are read"
    )
    max_env_steps: int | None = Field(
        default=None,
        ge=1,
        le=MAX_COUNT,
        description="most bars of the train split that are trained on, the latest ones; by default all",
    )
    summaries: bool = Field(default=False, description="whether the summary of a headline follows its title")
    template: Annotated[str, AfterValidator(_check_template)] = Field(
        default=_TEMPLATE,
        description="text that the model reads, with the fields {instrument}, {date}, {headlines} and "
        "{signal_strength}; {headlines} is required",
    )
