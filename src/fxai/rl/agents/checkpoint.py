"""Checkpoint of a trial: state of the training and reports so far, as of the last report."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.market.rules.compiled import Array
from fxai.market.scores.bar_returns import BarReturns
from fxai.protocol import Report
from fxai.protocol.wire import from_line, to_line
from fxai.rl.agents.numerics import with_numerics
from fxai.rl.agents.tensor_file import read_tensors, write_tensors
from fxai.rl.training.lane_program import Arrays

_BARS = "bars."  # begins the names of the arrays of bar returns


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """State to continue a training from, and reports to repeat to a new parent process."""

    identity: Mapping[
        str, JsonValue
    ]  # configuration, data, seed and versions; a trial of another identity ignores the checkpoint
    reports: tuple[Report, ...]
    state: Arrays
    bars: BarReturns | None = None  # of the last report; None in files of earlier releases

    def save(self, path: Path) -> None:
        reports: list[JsonValue] = [to_line(report).decode() for report in self.reports]
        header: dict[str, JsonValue] = {"identity": dict(self.identity), "reports": reports}
        bars = {} if self.bars is None else self.bars.tensors
        arrays = {f"{_BARS}{name}": array for name, array in bars.items()}
        write_tensors(path, header, {**self.state, **arrays}, durable=False)


def load_state(path: Path, step: int) -> Arrays:
    """State of another trial after `step` updates.

    Raises:
        InputError: If the file has no state of that step.
    """
    _, tensors = read_tensors(path)
    state = _without_bars(tensors)
    clock = state.get("clock")
    if clock is None or np.unique(clock).tolist() != [step]:
        raise InputError(f"{path} has no state of step {step}")
    return state


def load_checkpoint(path: Path, identity: Mapping[str, JsonValue]) -> Checkpoint | None:
    """The checkpoint at `path`; None if the file is missing, unreadable, or of another identity."""
    if not path.exists():
        return None
    try:
        header, tensors = read_tensors(path)
    except InputError:
        return None
    lines, written = header.get("reports"), header.get("identity")
    if not isinstance(written, dict) or with_numerics(written) != identity or not isinstance(lines, list):
        return None
    reports = tuple(from_line(Report, str(line).encode()) for line in lines)
    return Checkpoint(identity, reports, _without_bars(tensors), _bars(tensors, reports[-1].step, identity))


def _without_bars(tensors: Arrays) -> dict[str, Array]:
    return {name: array for name, array in tensors.items() if not name.startswith(_BARS)}


def _bars(tensors: Arrays, step: int, identity: Mapping[str, JsonValue]) -> BarReturns | None:
    arrays = {name.removeprefix(_BARS): array for name, array in tensors.items() if name.startswith(_BARS)}
    seeds = identity.get("seeds")
    if not arrays or not isinstance(seeds, list):
        return None
    return BarReturns.from_tensors(step, [seed for seed in seeds if isinstance(seed, int)], arrays)
