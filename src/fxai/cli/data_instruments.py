"""Several instruments in `fxai data describe`: their options, and what is printed of them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import ValidationError
from rich.console import Console

from fxai.cli.output import print_pairs, print_table, print_text
from fxai.errors import InputError
from fxai.formatting import figure, legible
from fxai.market.bars import ReadingNote
from fxai.market.markets.describe import Description
from fxai.market.markets.describe_instruments import SetDescription
from fxai.spec.fields.data_config import SplitConfig
from fxai.spec.search.findings import findings_of
from fxai.spec.yaml.yaml_source import dotted, parse_yaml


def source_of(written: str) -> str | dict[str, str]:
    """`data.source` of an argument: a text, or a mapping such as `{EURUSD: a.csv, GBPUSD: b.csv}`.

    Raises:
        SpecError: The mapping is no YAML.
    """
    if not written.startswith("{"):
        return written
    value = parse_yaml(written, "the data source").value
    return value if isinstance(value, dict) else written  # type: ignore[return-value] # checked by the configuration


def instruments_of(option: str | None) -> Literal["all"] | tuple[str, ...] | None:
    """`data.instruments` of an option: `all`, or names with commas between them."""
    if option is None or option == "all":
        return "all" if option else None
    return tuple(name.strip() for name in option.split(","))


def input_error(error: ValidationError, fields: Mapping[str, Any]) -> InputError:
    """The faults of a configuration of these fields."""
    faults = findings_of(error, dict(fields))
    return InputError("; ".join(f"{dotted(('data', *each.path))}: {each.message}" for each in faults))


def print_set(console: Console, found: SetDescription, note_text: Callable[[ReadingNote], str]) -> None:
    """Print the descriptions of several instruments."""
    described = found.instruments
    facts = [("Instruments", str(len(described))), ("SHA-256", found.content_hash)]
    facts += [("Splits", _split_text(found.split))] if found.problem is None else []
    print_pairs(console, facts)
    print_text(console, "")
    splits = tuple(dict.fromkeys(split.name for each in described.values() for split in each.splits))
    headings = ("Instrument", "Bars", "First bar", "Last bar", "Per year", "Spread", *map(str.capitalize, splits))
    print_table(console, headings, [_row(name, each, splits) for name, each in described.items()])
    for name, each in described.items():
        notes = [note_text(note) for note in each.faults.notes]
        notes += [] if each.clock_warning is None else [f"Warning: {each.clock_warning}"]
        notes += [] if each.split_problem is None else [f"Not usable for training: {each.split_problem}"]
        print_text(console, *(f"{name}: {legible(text)}" for text in notes))
    if found.problem is not None:
        print_text(console, f"Not usable for training: {legible(found.problem)}")


def _row(name: str, found: Description, splits: Sequence[str]) -> Sequence[str]:
    spread = "none" if found.prices.mean_spread is None else figure(found.prices.mean_spread)
    first, last = (str(moment.astype("datetime64[m]")).replace("T", " ") for moment in (found.first, found.last))
    bars = {each.name: each.bars for each in found.splits}
    return (
        name,
        str(found.rows),
        first,
        last,
        f"{found.bars_per_year:.0f}",
        spread,
        *(str(bars.get(split, "")) for split in splits),
    )


def _split_text(split: SplitConfig) -> str:
    """`train before 2017-09-01 00:00, validation before 2018-01-01 00:00, test after it`."""
    parts = []
    for name, end in (("train", split.train), ("validation", split.validation)):
        if isinstance(end, datetime):
            parts.append(f"{name} before {end:%Y-%m-%d %H:%M}")
    parts.append("validation after it" if split.validation is None else "test after it")
    return ", ".join(parts)
