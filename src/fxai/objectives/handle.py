"""The argument with which a custom function is called."""

import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from fxai.objectives.report_parser import report_of
from fxai.protocol import JsonObject, Report, Slot, TrialPaths, TrialRequest
from fxai.spec.fields.field_paths import parse_choice

_SEED_BITS = 32


class ReportChannel(Protocol):
    """Sends reports to the worker."""

    def tell(self, report: Report) -> bool:
        """Send a report and wait for the decision; returns whether the trial continues."""
        ...


class Trial:
    """One trial of a custom function.

    Attributes:
        params: The trial's parameters, by name.
        config: The spec's `training_config` with the parameters.
        derived: Values of `tune.sample_from` functions, by name.
        number: The trial's number in its study.
        seed: Seed of this run; the same when the trial is run again.
        seeds: All seeds, if the spec has several per trial.
        first_seed: The trial's first seed, the same for the runs of all its seeds.
        checkpoint_dir: Folder of the trial. Its files are available when the trial continues after an interruption, and
            are kept for the best trials.
        device: "cpu" or "cuda:0": the device of this trial.
        last: The last report.
    """

    def __init__(self, request: TrialRequest, slot: Slot, channel: ReportChannel) -> None:
        self.params: Mapping[str, JsonValue] = params_of(request)
        self.config: JsonObject = request.config
        self.derived: JsonObject = {}
        self.number = request.number
        self.seed = request.seed
        self.first_seed = request.seed if request.first_seed is None else request.first_seed
        self.seeds = request.seeds
        self.device = slot.device
        self.checkpoint_dir: Path = TrialPaths(request.directory.absolute()).checkpoint_dir
        self.last: Report | None = None
        self._request = request
        self._channel = channel
        self._continues = True

    def report(self, step: int, value: float, **metrics: float) -> bool:
        """Report an evaluation. Save a checkpoint before the report.

        Args:
            step: Step of the evaluation; steps must rise.
            value: Value of the study's metric.
            metrics: Further metrics.

        Returns:
            Whether the trial continues. False: the trial was pruned, or the run is ending. The function must return
                within a few seconds, and its result is ignored. A report with a step that does not rise, or a value
                that is not finite, is skipped with a warning.
        """
        if self._continues:
            report = report_of(step, {**metrics, "value": value}, self._request)
            self.last = replace(report, derived=self.derived)
            self._continues = self._channel.tell(self.last)
        return self._continues


def params_of(request: TrialRequest) -> dict[str, JsonValue]:
    """The trial's parameters; sequences as lists."""
    return {name: parse_choice(value) for name, value in request.params.items()}


def load_generators() -> None:
    """Load the generators that `seed_libraries` seeds. NumPy loads its own at the first use, which takes 7 ms.

    A worker calls this before it forks, so that not each trial's process loads them.
    """
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.get_state()


def seed_libraries(seed: int) -> None:
    """Seed the global random generators of `random`, and of NumPy and torch if they are imported."""
    seed %= 2**_SEED_BITS
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(seed)
