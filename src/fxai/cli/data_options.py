"""Options of `fxai data describe` that stand for keys of `data` with a form of their own."""

import re
from collections.abc import Mapping, Sequence
from typing import get_args

from fxai.errors import InputError, SpecError
from fxai.spec.fields.data_config import Decimal, Meaning
from fxai.spec.fields.feature_config import LENGTH, FeatureConfig
from fxai.spec.reading.validation import validate
from fxai.spec.search.findings import as_problems
from fxai.spec.yaml.yaml_source import parse_yaml


def columns_of(options: Sequence[str]) -> dict[Meaning, str | int] | None:
    """`data.columns` of options such as `close=Schluss`.

    Raises:
        InputError: An option has another form.
    """
    found: dict[Meaning, str | int] = {}
    for option in options:
        meaning, _, written = option.partition("=")
        key = written.strip()
        known: Meaning | None = next((each for each in get_args(Meaning) if each == meaning.strip()), None)
        if known is None or not key or key == "0":
            raise InputError(
                f"--column {option!r}: write MEANING=COLUMN, such as close=Schluss or close=5; meanings are "
                f"{', '.join(get_args(Meaning))}"
            )
        found[known] = int(key) if key.isdecimal() else key
    return found or None


def features_of(option: str | None) -> FeatureConfig:
    """`data.features` of an option, a mapping such as `columns: all`.

    Raises:
        SpecError: The option is no YAML, or a key or a value is wrong.
        InputError: It is no mapping.
    """
    value = parse_yaml(option or "{}", "--features").value
    if not isinstance(value, dict):
        raise InputError(f"--features {option!r}: write a mapping of keys of data.features, such as 'columns: all'")
    features, findings = validate(FeatureConfig, value)
    if features is None or findings:
        raise SpecError("--features", as_problems(findings))
    return features


def origin_text(origins: Mapping[str, tuple[str, ...]]) -> str:
    """`15 built-in; columns: rsi, news; my_features:build: slope`."""
    parts = [
        f"{len(names)} built-in" if origin == "built-in" else f"{origin}: {', '.join(names)}"
        for origin, names in origins.items()
    ]
    return "; ".join(parts)


def decimal_of(option: str | None) -> Decimal | None:
    """`data.decimal`.

    Raises:
        InputError: It is no decimal sign.
    """
    known: Decimal | None = next((each for each in get_args(Decimal) if each == (option or "").strip()), None)
    if option is not None and known is None:
        raise InputError(f"--decimal {option!r}: the decimal sign is '.' or ','")
    return known


def length_of(option: str | None) -> str | None:
    """`data.resample`.

    Raises:
        InputError: It is no length of bars.
    """
    if option is not None and not re.fullmatch(LENGTH, option):
        raise InputError(f"--resample {option!r} is no length of bars; write one such as 30s, 5min, 4h or 1d")
    return option
