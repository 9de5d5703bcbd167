"""Tables of all trials of a study, for spreadsheets, data frames and other programs.

The columns of parameters and metrics have the names of Optuna's data frame, e.g. `params_training.gamma`.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from pydantic import JsonValue

from fxai.atomic_write import write_bytes, write_text
from fxai.protocol import MARKET_ERROR, SEED_ERROR
from fxai.results.record import StudyRecord
from fxai.results.strict_json import json_text
from fxai.results.summary import StudySummary
from fxai.results.value_errors import UNKNOWN

Cell: TypeAlias = bool | int | float | str | datetime | None
Columns: TypeAlias = Mapping[str, Sequence[Cell]]


class TableFormat(StrEnum):
    """Formats of the tables. JSON has all data of a trial, also those that do not fit a table, such as lineages."""

    CSV = "csv"
    PARQUET = "parquet"
    JSON = "json"


def write_trials(record: StudyRecord, folder: Path, kind: TableFormat) -> list[Path]:
    """Write all trials to a file `trials`, and for CSV and Parquet the intermediate values to a file `reports`.

    Returns:
        The written files.
    """
    if kind is TableFormat.JSON:
        path = folder / "trials.json"
        trials = [trial.as_json() for trial in record.trials]
        write_text(path, json_text({"summary": StudySummary.of(record).as_json(), "trials": trials}))
        return [path]
    written = []
    for name, columns in (("trials", trial_columns(record)), ("reports", report_columns(record))):
        path = folder / f"{name}.{kind}"
        write_bytes(path, _csv(columns) if kind is TableFormat.CSV else _parquet(columns))
        written.append(path)
    return written


def trial_columns(record: StudyRecord) -> Columns:
    """Columns of the table of trials, one row per trial. A missing value is None."""
    trials = record.trials
    objectives = [goal.metric for goal in record.goals] if len(record.goals) > 1 else []
    params = dict.fromkeys(name for trial in trials for name in trial.params)
    errors = [trial.errors.as_json() for trial in trials]
    parts = (SEED_ERROR, MARKET_ERROR)  # they have columns of their own
    metrics = dict.fromkeys(name for trial in trials for name in trial.metrics if name not in parts)
    derived = dict.fromkeys(name for trial in trials for name in trial.derived)
    return {
        "number": [trial.number for trial in trials],
        "state": [trial.standing for trial in trials],
        "value": [trial.value for trial in trials],
        **{f"values_{name}": [trial.values.get(name) for trial in trials] for name in objectives},
        **{name: [_cell(each[name]) for each in errors] for name in UNKNOWN.as_json()},
        "started": [_utc(trial.started) for trial in trials],
        "ended": [_utc(trial.ended) for trial in trials],
        "seconds": [trial.seconds for trial in trials],
        **{f"params_{name}": [trial.params.get(name) for trial in trials] for name in params},
        **{f"derived_{name}": [_cell(trial.derived.get(name)) for trial in trials] for name in derived},
        **{f"metrics_{name}": [trial.metrics.get(name) for trial in trials] for name in metrics},
        "seed": [trial.seed for trial in trials],
        "attempt": [trial.attempt for trial in trials],
        "env_steps": [trial.usage.env_steps for trial in trials],
        "steps_per_second": [trial.usage.steps_per_second for trial in trials],
        "peak_memory_mb": [trial.usage.peak_memory_mb for trial in trials],
        "peak_gpu_memory_mb": [trial.usage.peak_gpu_memory_mb for trial in trials],
        "failure_cause": [None if trial.failure is None else trial.failure.cause for trial in trials],
        "failure_message": [None if trial.failure is None else trial.failure.message for trial in trials],
    }


def _cell(value: JsonValue) -> Cell:
    return json.dumps(value) if isinstance(value, list | dict) else value


def report_columns(record: StudyRecord) -> Columns:
    """Columns of the table of intermediate values, one row each."""
    rows = [(trial.number, step, value) for trial in record.trials for step, value in sorted(trial.reports.items())]
    return {
        "number": [number for number, _, _ in rows],
        "step": [step for _, step, _ in rows],
        "value": [value for _, _, value in rows],
    }


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.astimezone(UTC)  # Optuna's times are naive and local


def _csv(columns: Columns) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in zip(*columns.values(), strict=True):
        writer.writerow([cell.isoformat() if isinstance(cell, datetime) else cell for cell in row])
    return text.getvalue().encode()


def _parquet(columns: Columns) -> bytes:
    import pyarrow as pa  # noqa: PLC0415 - slow to load
    from pyarrow import parquet  # noqa: PLC0415

    def column(name: str, cells: Sequence[Cell]) -> pa.Array:
        if all(cell is None for cell in cells):
            return pa.array(cells, pa.string() if name.startswith("failure_") else pa.float64())
        try:
            return pa.array(cells)
        except pa.ArrowException:  # choices of several types are written as JSON
            return pa.array([None if cell is None else json.dumps(cell) for cell in cells])

    file = io.BytesIO()
    parquet.write_table(pa.table({name: column(name, cells) for name, cells in columns.items()}), file)
    return file.getvalue()
