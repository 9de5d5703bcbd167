"""Writes track records as files, and records evaluations on the test split."""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields, replace
from pathlib import Path

from fxai.atomic_write import write_text
from fxai.errors import FxaiError, InputError
from fxai.llm.signal_agent import SIGNAL_AGENT
from fxai.market.scores.track_record import ClosedTrade, TrackRecord, read_track_record
from fxai.results.paths import TEST_LOOKS

_DIGITS = ".10g"


def write_track(record: TrackRecord, directory: Path, name: str) -> tuple[Path, ...]:
    """Write `NAME.json`, which `read_track_record` reads, and its bars and trades as CSV. Returns the paths."""
    record_path = track_path(directory, name)
    record.write(record_path)
    bars, trades = (directory / f"{record_path.stem}_{what}.csv" for what in ("bars", "trades"))
    columns = {"close": record.close, "position": record.position, "equity": record.equity}
    columns |= {"drawdown": record.drawdown, **record.baselines}
    columns |= {f"weight_{name}": each.weight for name, each in record.instruments.items()}
    values = zip(record.times, *columns.values(), strict=True)
    write_text(bars, _csv(["time", *columns], values))
    write_text(trades, _csv([field.name for field in fields(ClosedTrade)], map(astuple, record.trades)))
    return record_path, bars, trades


def of_file(agent: Path, record: TrackRecord) -> TrackRecord:
    """The record with the hash of the agent's file, or of its folder of adapters."""
    return replace(record, made_of={"agent_hash": _hash(agent), **record.made_of})


def is_of(agent: Path, record: Path) -> bool:
    """Whether a file is the track record of this agent."""
    try:
        return read_track_record(record).made_of.get("agent_hash") == _hash(agent)
    except InputError:
        return False


def _hash(agent: Path) -> str:
    if not agent.is_dir():
        return hashlib.sha256(agent.read_bytes()).hexdigest()
    files = (agent / SIGNAL_AGENT, *sorted(agent.rglob("*.safetensors")))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def track_path(directory: Path, name: str) -> Path:
    """The path of the record that `write_track` writes; `name` may be any text."""
    return directory / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}.json"


def note_test_look(directory: Path, record: TrackRecord) -> int:
    """Record an evaluation on the test split, in a file next to the agent.

    Returns:
        The number of recorded evaluations. A statistical test has to account for each of them.

    Raises:
        FxaiError: The file cannot be written.
    """
    path = directory / TEST_LOOKS
    try:
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"split": record.split, **record.made_of}) + "\n")
        return path.read_text(encoding="utf-8").count("\n")
    except OSError as error:
        raise FxaiError(f"cannot write {path}: {error.strerror or error}") from error


def _csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows([format(cell, _DIGITS) if isinstance(cell, float) else cell for cell in row] for row in rows)
    return text.getvalue()
