"""The handle that a function of the user's own is called with."""

import random
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from fxai.objectives.report_parser import report_of
from fxai.protocol import JsonObject, Report, Slot, TrialPaths, TrialRequest
from fxai.spec.fields.field_paths import list_of

_SEED_BITS = 32


class Line(Protocol):
    """The way to the worker and back."""

    def tell(self, report: Report) -> bool:
        """Hand over a report and wait for the decision: whether the trial goes on."""
        ...


class Trial:
    """One trial: what it is to train with, and whom to tell how it goes.

    params: the trial's parameters, by name.
    config: the spec's `training_config` with the parameters in their places.
    derived: values that functions of the search space, Ray's `tune.sample_from`, made of the others, by name.
    seed: of this trial, the same when it is run again; `seeds` are all of them where the spec has several a trial.
    first_seed: the same for all runs of a trial that is run once for each of several seeds.
    checkpoint_dir: a folder of the trial's own. What is saved there is there again when the trial goes on after an
        interruption, and stays for the best trials.
    device: "cpu" or "cuda:0", the share of the machine that this trial has.
    """

    def __init__(self, request: TrialRequest, slot: Slot, line: Line) -> None:
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
        self._line = line
        self._goes_on = True

    def report(self, step: int, value: float, **metrics: float) -> bool:
        """Tell an evaluation; False means that the trial shall end here: it was pruned, or the run is ending.

        Steps rise. A report whose step does not rise, or whose value is no finite number, is passed over with a
        warning. Save a checkpoint before you report. Once False was returned, what the function returns counts no
        more, and it has a few seconds to do so.
        """
        if self._goes_on:
            report = report_of(step, {**metrics, "value": value}, self._request)
            self.last = replace(report, derived=self.derived)
            self._goes_on = self._line.tell(self.last)
        return self._goes_on


def params_of(request: TrialRequest) -> dict[str, JsonValue]:
    """The trial's parameters, lists as lists."""
    return {name: list_of(value) for name, value in request.params.items()}


def seed_libraries(seed: int) -> None:
    """Seed what draws from a state of the whole process, as far as it is loaded: trials must not share their draws."""
    seed %= 2**_SEED_BITS
    random.seed(seed)
    if (numpy := sys.modules.get("numpy")) is not None:
        numpy.random.seed(seed)
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(seed)
