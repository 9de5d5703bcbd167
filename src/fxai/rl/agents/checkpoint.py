"""Checkpoint of a trial: state of the training and reports so far, as of the last report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue
from torch import Tensor

from fxai.errors import InputError
from fxai.protocol import Report
from fxai.protocol.wire import from_line, to_line
from fxai.rl.agents.numerics import with_numerics
from fxai.rl.agents.tensor_file import read_tensors, write_tensors


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State to continue a training from, and reports to repeat to a new parent process."""

    identity: Mapping[
        str, JsonValue
    ]  # configuration, data, seed and versions; a trial of another identity ignores the checkpoint
    reports: tuple[Report, ...]
    state: Mapping[str, Tensor]

    def save(self, path: Path) -> None:
        reports: list[JsonValue] = [to_line(report).decode() for report in self.reports]
        header: dict[str, JsonValue] = {"identity": dict(self.identity), "reports": reports}
        write_tensors(path, header, self.state, durable=False)


def load_state(path: Path, step: int) -> Mapping[str, Tensor]:
    """State of another trial after `step` updates.

    Raises:
        InputError: If the file has no state of that step.
    """
    _, state = read_tensors(path)
    clock = state.get("clock")
    if clock is None or clock.unique().tolist() != [step]:
        raise InputError(f"{path} has no state of step {step}")
    return state


def load_checkpoint(path: Path, identity: Mapping[str, JsonValue]) -> Checkpoint | None:
    """The checkpoint at `path`; None if the file is missing, unreadable, or of another identity."""
    if not path.exists():
        return None
    try:
        header, state = read_tensors(path)
    except InputError:
        return None
    lines, written = header.get("reports"), header.get("identity")
    if not isinstance(written, dict) or with_numerics(written) != identity or not isinstance(lines, list):
        return None
    return Checkpoint(identity, tuple(from_line(Report, str(line).encode()) for line in lines), state)
