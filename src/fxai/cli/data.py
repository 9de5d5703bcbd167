"""`fxai data describe NAME_OR_FILE`: content of a data set."""

import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal, get_args

import numpy as np
import typer
from pydantic import JsonValue, ValidationError
from rich.console import Console

from fxai.cli.command import PlainCommand
from fxai.cli.data_instruments import input_error, instruments_of, print_set, source_of
from fxai.cli.data_options import columns_of, decimal_of, features_of, length_of, origin_text
from fxai.cli.options import AsJson
from fxai.cli.output import print_json, print_pairs, print_table, print_text, stdout
from fxai.errors import InputError
from fxai.formatting import counted, figure, legible, span
from fxai.market.bars import Faults, ReadingNote
from fxai.market.markets.describe import Description
from fxai.market.markets.describe import describe as described
from fxai.market.markets.describe_instruments import describe_set
from fxai.market.reading.rows import row_names
from fxai.market.timestamps.calendar import Gaps
from fxai.spec.fields.data_config import CleanConfig, DataConfig

data = typer.Typer(add_completion=False, rich_markup_mode=None)


@data.callback()
def _data() -> None:
    """Describe market data."""


@data.command(cls=PlainCommand)
def describe(
    source: Annotated[
        str,
        typer.Argument(
            metavar="NAME_OR_FILE",
            help="A named data set, a file of bars, a folder of such files, a quoted pattern, or a file by instrument.",
        ),
    ] = DataConfig.model_fields["source"].default,
    *,
    timezone: Annotated[
        str, typer.Option(metavar="ZONE", help="Time zone of timestamps without one, such as 'New York+7'.")
    ] = DataConfig.model_fields["timezone"].default,
    date_format: Annotated[
        str | None, typer.Option(metavar="FORMAT", help="Form of the timestamps, such as '%m/%d/%Y %H:%M'.")
    ] = None,
    column: Annotated[
        list[str] | None,
        typer.Option(metavar="MEANING=COLUMN", help="A column by name or number, such as close=Schluss or open=2."),
    ] = None,
    decimal: Annotated[str | None, typer.Option(metavar="SIGN", help="Decimal sign, '.' or ','.")] = None,
    resample: Annotated[
        str | None, typer.Option(metavar="LENGTH", help="Length of bars made of ticks or shorter bars, such as 5min.")
    ] = None,
    instrument: Annotated[
        str | None, typer.Option(metavar="NAME", help="Instrument to read from a file with several.")
    ] = None,
    instruments: Annotated[
        str | None,
        typer.Option(metavar="NAMES", help="Instruments with commas between them, or all: one table of them."),
    ] = None,
    clean: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=RULE", help="Rule for rows that are probably wrong, such as repeated=drop."),
    ] = None,
    spread_column: Annotated[
        str, typer.Option(metavar="COLUMN", help="Column with the spread of each bar; auto, or null for none.")
    ] = DataConfig.model_fields["spread_column"].default,
    spread_unit: Annotated[
        str, typer.Option(metavar="PRICE", help="Price of one unit of the spread, or auto.")
    ] = DataConfig.model_fields["spread_unit"].default,
    features: Annotated[
        str | None, typer.Option(metavar="MAPPING", help="Keys of data.features, such as 'columns: all'.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Describe a data set.

    Prints the number of rows, the time range, the bar length, gaps, duplicates, prices, features and the splits.
    """
    config = _config(
        source=source_of(source),
        timezone=timezone,
        date_format=date_format,
        columns=columns_of(column or ()),
        decimal=decimal_of(decimal),
        resample=length_of(resample),
        instrument=instrument,
        instruments=instruments_of(instruments),
        clean=_rules(clean or ()),
        spread_column=None if spread_column == "null" else spread_column,
        spread_unit=_unit(spread_unit),
        features=features_of(features),
    )
    if config.has_instruments:
        _print_set(config, as_json=as_json)
        return
    found = described(config)
    if as_json:
        print_json(_as_json(found))
    else:
        _print_description(stdout(), found)


def _config(**fields: Any) -> DataConfig:
    """The configuration of the options. Raises `InputError` if they do not fit together."""
    try:
        return DataConfig(**fields)
    except ValidationError as error:
        raise input_error(error, fields) from None


def _print_set(config: DataConfig, *, as_json: bool) -> None:
    found = describe_set(config)
    if as_json:
        instruments = {name: _as_json(each) for name, each in found.instruments.items()}
        print_json({"sha256": found.content_hash, "problem": found.problem, "instruments": instruments})
    else:
        print_set(stdout(), found, _note)


def _unit(written: str) -> float | Literal["auto"]:
    """The unit of `--spread-unit`.

    Raises:
        InputError: If it is neither `auto` nor a number above 0.
    """
    if written == "auto":
        return "auto"
    try:
        unit = float(written)
    except ValueError:
        unit = math.nan
    if not 0 < unit < math.inf:
        raise InputError(f"--spread-unit {written!r} must be auto or a number above 0, such as 0.00001")
    return unit


def _rules(written: Sequence[str]) -> CleanConfig:
    """The rules of `--clean`.

    Raises:
        InputError: If a rule is unknown; the message has the keys and their rules.
    """
    try:
        return CleanConfig.model_validate(dict(each.split("=", 1) for each in written))
    except ValueError as error:
        known = [f"{name}={'|'.join(get_args(field.annotation))}" for name, field in CleanConfig.model_fields.items()]
        raise InputError(f"--clean {' '.join(written)} is not known; write one of {', '.join(known)}") from error


def _print_description(console: Console, found: Description) -> None:
    print_text(console, legible(found.name))
    print_pairs(console, _facts(found))
    print_text(console, "")
    if found.splits:
        rows = [(each.name, str(each.bars), _moment(each.first), _moment(each.last)) for each in found.splits]
        print_table(console, ("Split", "Bars", "First bar", "Last bar"), rows)
    for note in found.faults.notes:
        print_text(console, legible(_note(note)))
    if found.clock_warning is not None:
        print_text(console, f"Warning: {legible(found.clock_warning)}")
    if found.split_problem is not None:
        print_text(console, f"Not usable for training: {legible(found.split_problem)}")


def _facts(found: Description) -> Sequence[tuple[str, str]]:
    prices = found.prices
    spread = "none in the data; env.spread is used" if prices.mean_spread is None else figure(prices.mean_spread)
    return (
        ("Bars", str(found.rows)),
        ("Range", f"{_moment(found.first)} to {_moment(found.last)} UTC"),
        ("Times", _times(found)),
        ("Bar length", span(_seconds(found.bar_length))),
        ("Bars per year", f"{found.bars_per_year:.0f}"),
        ("Gaps", _gaps(found.gaps)),
        ("Duplicates", f"{counted(found.faults.duplicates_dropped, 'row')} dropped"),
        ("Order", _order(found.faults)),
        ("Odd bars", f"{found.faults.outside_range} with open or close outside low to high"),
        ("Price", f"{prices.first:.6g} to {prices.last:.6g}, within {prices.lowest:.6g} to {prices.highest:.6g}"),
        ("Volatility", f"{100 * prices.volatility:.3g} % per bar"),
        ("Mean spread", spread),
        ("Columns", ", ".join(f"{meaning}: {name}" for meaning, name in found.columns.items()) or "generated"),
        ("Features", _features(found)),
        ("SHA-256", found.content_hash),
    )


def _times(found: Description) -> str:
    return found.time_form if found.zone is None else f"{found.time_form}, in data.timezone {found.zone}"


def _features(found: Description) -> str:
    text = f"{len(found.feature_names)}, complete after {counted(found.warm_up, 'bar')}"
    has_others = found.feature_origins.keys() - {"built-in"}
    return f"{text} ({origin_text(found.feature_origins)})" if has_others else text


def _gaps(gaps: Gaps) -> str:
    words = [counted(gaps.weekends, "weekend"), f"{gaps.others} other"]
    if gaps.largest_other is not None and gaps.largest_other_after is not None:
        words.append(f"the largest {span(_seconds(gaps.largest_other))} after {_moment(gaps.largest_other_after)}")
    return ", ".join(words)


def _order(faults: Faults) -> str:
    direction = "newest first" if faults.newest_first else "oldest first"
    return f"{direction}, {counted(faults.rows_reordered, 'row')} out of order"


def _note(note: ReadingNote) -> str:
    rows = f" ({row_names(note.first_rows, note.rows)})" if note.first_rows else ""
    return f"Note: {note.text}{rows}"


def _moment(moment: np.datetime64) -> str:
    return str(np.datetime_as_string(moment, unit="m")).replace("T", " ")


def _seconds(length: np.timedelta64) -> float:
    return float(length / np.timedelta64(1, "s"))


def _as_json(found: Description) -> dict[str, JsonValue]:
    gaps, faults, prices = found.gaps, found.faults, found.prices
    return {
        "name": found.name,
        "sha256": found.content_hash,
        "bars": found.rows,
        "first": str(found.first),
        "last": str(found.last),
        "time_form": found.time_form,
        "timezone": found.zone,
        "clock_warning": found.clock_warning,
        "bar_seconds": _seconds(found.bar_length),
        "bars_per_year": found.bars_per_year,
        "gaps": {
            "weekends": gaps.weekends,
            "others": gaps.others,
            "largest_other_seconds": None if gaps.largest_other is None else _seconds(gaps.largest_other),
            "largest_other_after": None if gaps.largest_other_after is None else str(gaps.largest_other_after),
        },
        "duplicates_dropped": faults.duplicates_dropped,
        "rows_reordered": faults.rows_reordered,
        "newest_first": faults.newest_first,
        "outside_range": faults.outside_range,
        "notes": [
            {"subject": note.subject, "text": note.text, "rows": note.rows, "first_rows": list(note.first_rows)}
            for note in faults.notes
        ],
        "prices": {
            "first": prices.first,
            "last": prices.last,
            "lowest": prices.lowest,
            "highest": prices.highest,
            "volatility": prices.volatility,
            "mean_spread": prices.mean_spread,
        },
        "columns": dict(found.columns),
        "warm_up": found.warm_up,
        "features": list(found.feature_names),
        "splits": [
            {"name": each.name, "bars": each.bars, "first": str(each.first), "last": str(each.last)}
            for each in found.splits
        ],
        "split_problem": found.split_problem,
    }
