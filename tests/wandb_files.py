"""Reads W&B's run files, which are protobuf records in the log format of LevelDB."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wandb.proto import wandb_internal_pb2 as pb

_BLOCK = 32768
_FILE_HEADER = struct.calcsize("<4sHB")  # ":W&B", a magic number, a version
_HEADER = struct.Struct("<IHB")  # checksum, length, type
_WHOLE, _LAST = 1, 4


@dataclass
class WandbRun:
    """One run as stored in its file."""

    folder: Path
    name: str = ""
    project: str = ""
    group: str = ""
    job_type: str = ""
    tags: list[str] = field(default_factory=list)
    host: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)  # without W&B's own keys, the step as "step"
    summary: dict[str, Any] = field(default_factory=dict)
    exit_code: int | None = None


def wandb_runs(study_folder: Path) -> list[WandbRun]:
    """All runs of a study by name, and in the order of their start where they share one."""
    files = sorted((study_folder / "wandb").glob("*/run-*.wandb"))
    return sorted(map(_run, files), key=lambda run: run.name)


def _run(path: Path) -> WandbRun:
    run = WandbRun(path.parent)
    for data in _records(path.read_bytes()):
        record = pb.Record.FromString(data)  # type: ignore[attr-defined]  # protobuf makes the class when it is imported
        if record.HasField("run"):
            told = record.run
            run.name, run.project, run.group, run.job_type = (
                told.display_name,
                told.project,
                told.run_group,
                told.job_type,
            )
            run.tags, run.host = list(told.tags), told.host
            run.config |= {item.key: json.loads(item.value_json) for item in told.config.update}
        elif record.HasField("history"):
            items = {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
            items["step"] = record.history.step.num
            run.history.append({key: value for key, value in items.items() if not key.startswith("_")})
        elif record.HasField("summary"):
            for item in record.summary.update:
                run.summary[item.key or item.nested_key[0]] = json.loads(item.value_json)
        elif record.HasField("exit"):
            run.exit_code = record.exit.exit_code
    return run


def _records(data: bytes) -> Iterator[bytes]:
    place, record = _FILE_HEADER, b""
    while place + _HEADER.size <= len(data):
        left = _BLOCK - place % _BLOCK
        if left < _HEADER.size:
            place += left
            continue
        _, length, kind = _HEADER.unpack_from(data, place)
        place += _HEADER.size
        record += data[place : place + length]
        place += length
        if kind in {_WHOLE, _LAST}:
            yield record
            record = b""
