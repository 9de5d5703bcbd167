"""A trial with several seeds, of code that trains one seed: the code runs once per seed, and the mean is judged."""

import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace

from fxai.protocol import STANDARD_ERROR, Objective, Outcome, Report, Slot, TrialPaths, TrialRequest, failed
from fxai.protocol.standard_error import mean, standard_error


class MultiSeed:
    """An objective of several seeds from an objective of one seed: `fxai.protocol.Objective`.

    The runs go in step: each run continues to its next report, then the trial reports their mean. A run that ends
    before the others counts with its outcome from then on.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
        if len(request.seeds) == 1:
            return (yield from self._objective(request, slot))
        runs = [_SeedRun(self._objective(each, slot)) for each in _requests(request)]
        try:
            while running := [run for run in runs if run.continues()]:
                yield _report(running, runs)
        finally:
            for run in runs:
                run.training.close()
        outcomes = [run.reported for run in runs]
        return Outcome(*mean_of(outcomes), flaw=_first_flaw(outcomes), derived=outcomes[0].derived)


@dataclass(slots=True)
class _SeedRun:
    """The run of one seed."""

    training: Generator[Report, None, Outcome]
    latest: Report | Outcome | None = None

    @property
    def reported(self) -> Report | Outcome:
        """The last report, or the outcome of a run that has ended."""
        if self.latest is None:
            raise RuntimeError("a run has reported nothing yet")
        return self.latest

    def continues(self) -> bool:
        """Continue to the next report. False if the run has ended."""
        if isinstance(self.latest, Outcome):
            return False
        try:
            self.latest = next(self.training)
        except StopIteration as end:
            self.latest = end.value
        return isinstance(self.latest, Report)


def _requests(request: TrialRequest) -> list[TrialRequest]:
    """The trial once for each seed, with folders of their own where its checkpoints lie."""
    folder = TrialPaths(request.directory).checkpoint_dir
    return [
        replace(request, seeds=(seed,), first_seed=request.seed, directory=folder / f"seed-{place}")
        for place, seed in enumerate(request.seeds, start=1)
    ]


def _report(running: Sequence[_SeedRun], runs: Sequence[_SeedRun]) -> Report:
    """The mean of all seeds; passed over if the report of one seed is."""
    reports = [run.latest for run in running if isinstance(run.latest, Report)]
    number, flaw = reports[0].number, _first_flaw(reports)
    if any(report.passed_over for report in reports):
        return Report(number, 0, math.nan, flaw=flaw, passed_over=True)
    steps = sorted({report.step for report in reports})
    if len(steps) > 1:
        raise failed(f"the seeds reported different steps at a time, {steps[0]} and {steps[-1]}; they must agree")
    latest = [run.reported for run in runs]
    return Report(number, steps[0], *mean_of(latest), flaw=flaw, derived=latest[0].derived)


def _first_flaw(reports: Iterable[Report | Outcome]) -> str:
    return next((each.flaw for each in reports if each.flaw), "")


def mean_of(reports: Sequence[Report | Outcome]) -> tuple[float, dict[str, float]]:
    """The mean over several seeds with its standard error, and the mean of each metric that all seeds have."""
    values = [each.value for each in reports]
    names = [name for name in reports[0].metrics if all(name in each.metrics for each in reports)]
    means = {name: mean([each.metrics[name] for each in reports]) for name in names}
    error = standard_error(values)
    return mean(values), {**means, STANDARD_ERROR: error} if math.isfinite(error) else means
