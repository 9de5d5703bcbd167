"""Limits for data that a worker sends: numbers that the database can store, and text that every file can store.

Every report and every result passes these functions in the worker, for every kind of objective. No function raises: an
invalid number removes its report and does not end the run.
"""

import json
import math
import operator
from collections.abc import Mapping
from dataclasses import replace

from fxai.protocol.records import (
    MARKET_ERROR,
    MOST_STEP,
    RESERVED,
    SEED_ERROR,
    STANDARD_ERROR,
    JsonObject,
    Report,
    TrialError,
    TrialResult,
    Usage,
)

MOST_METRICS = 1000
LONGEST_NAME = 512  # characters of an attribute's name in Optuna's tables
LONGEST_MESSAGE = 2000
LONGEST_DERIVED = 8000  # characters of a trial's derived values in JSON
_ERRORS = (STANDARD_ERROR, SEED_ERROR, MARKET_ERROR)
LONGEST_TRACEBACK = 8000  # characters; the end is kept
_SHOWN = 120


def number_of(value: object) -> float | None:
    """The value as a Python float, including NumPy's and torch's numbers; None if it is not a number.

    An integer beyond the range of floats is infinite. Booleans and texts are not numbers.
    """
    if value is None or isinstance(value, bool | str | bytes):
        return None
    try:
        return float(value)  # type: ignore[arg-type]  # raises if the value has no number
    except OverflowError:
        return math.inf if value > 0 else -math.inf  # type: ignore[operator]  # only numbers overflow
    except Exception:  # noqa: BLE001  # the value comes from custom code, and its __float__ may raise anything
        return None


def step_of(step: object, most_step: int = MOST_STEP) -> int | None:
    """The step as an integer; None if it is not an integer from 0 to `most_step`."""
    if isinstance(step, bool):
        return None
    try:
        whole = operator.index(step)  # type: ignore[arg-type]  # raises if the step is not an integer
    except Exception:  # noqa: BLE001  # the step comes from custom code, and its __index__ may raise anything
        number = number_of(step)
        if number is None or not number.is_integer():
            return None
        whole = int(number)
    return whole if 0 <= whole <= most_step else None


def shown(value: object) -> str:
    """Text of a value for a message: its repr, truncated to 120 characters."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # a repr of custom code may raise anything; that of an int of 5,000 digits raises
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def wrong_step(step: object, most_step: int = MOST_STEP) -> str:
    """Message for a step that `step_of` refuses; `most_step` is one less than a power of two."""
    limit = f"2^{most_step.bit_length()} - 1"
    which = "" if most_step == MOST_STEP else ", the greatest step that this database holds"
    return f"a report's step must be a whole number from 0 to {limit}{which}, not {shown(step)}"


def bounded_report(report: Report, last_step: int | None, most_step: int = MOST_STEP) -> Report:
    """The report in plain numbers; `passed_over` if its step or value is not valid.

    Args:
        report: From the objective; its fields may have any type.
        last_step: Step of the trial's last valid report; steps must rise.
        most_step: The greatest step that the study's database can store.
    """
    step, value = step_of(report.step, most_step), number_of(report.value)
    metrics, left_out = bounded_metrics(report.metrics)
    flaw = report.flaw if report.passed_over else _flaw(report, step, value, last_step, most_step)
    return Report(
        report.number,
        0 if step is None else step,
        math.nan if value is None else value,
        metrics,
        step_of(report.env_steps) or 0,
        bounded_text(flaw or report.flaw or left_out),
        passed_over=report.passed_over or bool(flaw),
        derived=bounded_derived(report.derived),
    )


def _flaw(report: Report, step: int | None, value: float | None, last_step: int | None, most_step: int) -> str:
    if step is None:
        return wrong_step(report.step, most_step)
    if value is None:
        return f"value must be a number, not {shown(report.value)}, at step {step}"
    if not math.isfinite(value):
        return f"value is {value} at step {step}"
    if last_step is not None and step <= last_step:
        return f"reported step {step} after step {last_step}; steps must rise"
    return ""


def bounded_metrics(metrics: object) -> tuple[dict[str, float], str]:
    """The valid metrics as plain numbers, and a description of the first invalid one."""
    if not isinstance(metrics, Mapping):
        return {}, f"metrics must be a mapping, not {shown(metrics)}; they are omitted"
    kept: dict[str, float] = {}
    first = ""
    for name, told in metrics.items():
        number = number_of(told)
        wrong = _wrong_metric(name, told, number, len(kept))
        if number is not None and not wrong:
            kept[name] = number
        first = first or wrong
    return kept, first


def _wrong_metric(name: object, told: object, number: float | None, kept: int) -> str:
    if not isinstance(name, str) or not _is_kept(name):
        return f"metric {shown(name)} is omitted: its name must be a text of 1 to {LONGEST_NAME} characters"
    if name.startswith(RESERVED):
        return f"metric {shown(name)} is omitted: names that begin with {RESERVED!r} are reserved"
    if number is None:
        return f"metric {shown(name)} is omitted: it must be a number, not {shown(told)}"
    if name in _ERRORS and not (math.isfinite(number) and number >= 0):
        return f"metric {name!r} is omitted: it must be a finite number from 0 on, not {number}"
    if kept >= MOST_METRICS:
        return f"metric {shown(name)} is omitted: a trial has at most {MOST_METRICS} metrics"
    return ""


def _is_kept(name: str) -> bool:
    """Whether databases can store the name: not too long, UTF-8, without NUL, which PostgreSQL refuses."""
    return 0 < len(name) <= LONGEST_NAME and "\0" not in name and bounded_text(name) == name


def bounded_result(result: TrialResult, seconds: float) -> TrialResult:
    """The result in plain numbers; `seconds` replaces an invalid duration."""
    metrics, left_out = bounded_metrics(result.metrics)
    took = _from_zero(result.seconds)
    return replace(
        result,
        seconds=seconds if took is None else took,
        value=None if result.value is None else number_of(result.value),
        metrics=metrics,
        error=None if result.error is None else bounded_error(result.error),
        usage=_bounded_usage(result.usage),
        flaw=bounded_text(result.flaw or left_out),
        derived=bounded_derived(result.derived),
    )


def bounded_derived(derived: object) -> JsonObject:
    """The derived values as JSON values; empty if they are not JSON values or too long."""
    try:
        text = json.dumps(dict(derived) if isinstance(derived, Mapping) else None, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {}
    values = json.loads(text) if len(text) <= LONGEST_DERIVED else None
    return values if isinstance(values, dict) and all(map(_is_kept, values)) else {}


def bounded_error(error: TrialError) -> TrialError:
    """The error with text that files, terminals and databases can store."""
    traceback = bounded_text(str(error.traceback), LONGEST_TRACEBACK, end=True)
    return TrialError(error.cause, bounded_text(str(error.message)), traceback)


def bounded_text(text: str, longest: int = LONGEST_MESSAGE, *, end: bool = False) -> str:
    """The text in UTF-8, truncated to its beginning, or with `end` to its end."""
    if len(text) > longest:
        text = f"...{text[-longest:]}" if end else f"{text[:longest]}..."
    return text.encode(errors="backslashreplace").decode()


def _bounded_usage(usage: Usage) -> Usage:
    return Usage(
        step_of(usage.env_steps) or 0,
        _from_zero(usage.steps_per_second),
        _from_zero(usage.peak_memory_mb),
        _from_zero(usage.peak_gpu_memory_mb),
    )


def _from_zero(value: object) -> float | None:
    """A finite number >= 0; None for everything else."""
    number = number_of(value)
    return number if number is not None and math.isfinite(number) and number >= 0 else None
