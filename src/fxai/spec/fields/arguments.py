"""Formats one argument of a custom command in the command's style (`argument_style.py`)."""

import json
import re
from collections.abc import Sequence
from decimal import Decimal

from pydantic import JsonValue

from fxai.spec.fields.argument_style import KEY_VALUE, Notation

_SPACED = "--name value"
_LONG = "--"
_PLAIN_TEXT = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*", flags=re.ASCII)
_NEGATIVE_WITH_EXPONENT = re.compile(r"-\d+(\.\d+)?e[+-]?\d+", flags=re.ASCII)
_NO_TEXT = frozenset({"true", "false", "null", "nan", "inf"})  # Hydra reads these as other types


def argument_of_key(name: str, value: JsonValue, notation: Notation) -> Sequence[str]:
    """Returns the words for one parameter in place of `{params}`."""
    shown = name.replace("_", "-") if notation.dashes else name
    option = shown if notation.form == KEY_VALUE else f"{_LONG}{shown}"
    return argument(option, value, notation, joined=notation.form != _SPACED)


def argument(option: str, value: JsonValue, notation: Notation, *, joined: bool) -> Sequence[str]:
    """Returns the words for an option, such as `--net`, and its value. `joined` joins both by an equals sign."""
    if value is None and notation.nulls == "omit":
        return ()
    if isinstance(value, bool) and notation.booleans != "value":
        return _flag(option, value, notation)
    if isinstance(value, list) and notation.lists != "json":
        return _list(option, value, notation, joined=joined)
    return _assigned(option, _text(value, notation), joined=joined)


def bare_values(value: JsonValue, notation: Notation) -> Sequence[str]:
    """Returns the words for a placeholder without an option."""
    if value is None and notation.nulls == "omit":
        return ()
    if isinstance(value, list) and notation.lists == "values":
        return [_without_exponent(_text(each, notation)) for each in value]
    if isinstance(value, list) and notation.lists == "comma":
        return (",".join(_text(each, notation) for each in value),)
    return (_text(value, notation),)


def _flag(option: str, value: bool, notation: Notation) -> Sequence[str]:  # noqa: FBT001  # the flag's value
    if value:
        return (option,)
    if notation.booleans == "pair" and option.startswith(_LONG):
        return (f"{_LONG}no-{option.removeprefix(_LONG)}",)
    return ()


def _list(option: str, values: list[JsonValue], notation: Notation, *, joined: bool) -> Sequence[str]:
    items = [_text(each, notation) for each in values]
    if notation.lists == "values":
        return (option, *map(_without_exponent, items))
    if notation.lists == "comma":
        return _assigned(option, ",".join(items), joined=joined)
    return [word for item in items for word in _assigned(option, item, joined=joined)]


def _assigned(option: str, text: str, *, joined: bool) -> Sequence[str]:
    """Joins option and value also where argparse would read the value as an option, because it begins with a dash."""
    if joined:
        return (f"{option}={text}",)
    word = _without_exponent(text)
    looks_like_option = word.startswith("-") and not re.fullmatch(r"-[\d.]+", word)
    return (f"{option}={text}",) if looks_like_option and option.startswith(_LONG) else (option, word)


def _without_exponent(word: str) -> str:
    """Writes a negative number without exponent: argparse reads -1e-05 as an option and -0.00001 as a number."""
    return f"{Decimal(word):f}" if _NEGATIVE_WITH_EXPONENT.fullmatch(word) else word


def _text(value: JsonValue, notation: Notation) -> str:
    if notation.form == KEY_VALUE:
        return _of_hydra(value)
    return text_of(value)


def text_of(value: JsonValue) -> str:
    """Returns a text unchanged and any other value as JSON, such as true or [64, 64]."""
    return value if isinstance(value, str) else json.dumps(value)


def _of_hydra(value: JsonValue) -> str:
    """Returns the value in Hydra's grammar (hydra.cc, "Extended Override syntax"), which is YAML for these values."""
    if isinstance(value, list):
        return f"[{', '.join(map(_of_hydra, value))}]"
    if not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value if _PLAIN_TEXT.fullmatch(value) and value.lower() not in _NO_TEXT else _quoted(value)


def _quoted(text: str) -> str:
    """Quotes a text for Hydra, where a backslash is an escape only before a quote or at the end of the text."""
    quote = '"' if "'" in text and '"' not in text else "'"
    escaped = re.sub(rf"(\\*)({quote}|$)", lambda match: match[1] * 2 + (f"\\{quote}" if match[2] else ""), text)
    return f"{quote}{escaped}{quote}"
