"""A trial with several seeds, of code that trains one: run once for each, side by side, and judged by the mean."""

import math
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from fxai.protocol import STANDARD_ERROR, Objective, Outcome, Report, Slot, TrialPaths, TrialRequest, failed


class MultiSeed:
    """An objective of one seed as one of several: `fxai.protocol.Objective`.

    The runs go in step: each is taken to its next report, then the trial reports their mean. One that ends before
    the others counts with its outcome from then on.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective

    def __call__(self, request: TrialRequest, slot: Slot) -> Generator[Report, None, Outcome]:
        if len(request.seeds) == 1:
            return (yield from self._objective(request, slot))
        runs = [_SeedRun(self._objective(each, slot)) for each in _requests(request)]
        try:
            while going := [run for run in runs if run.goes_on()]:
                yield _report(going, runs)
        finally:
            for run in runs:
                run.training.close()
        said = [run.said for run in runs]
        return Outcome(*mean_of(said), flaw=_first_flaw(said), derived=said[0].derived)


@dataclass(slots=True)
class _SeedRun:
    """One seed's."""

    training: Generator[Report, None, Outcome]
    latest: Report | Outcome | None = None

    @property
    def said(self) -> Report | Outcome:
        if self.latest is None:
            raise RuntimeError("a run has said nothing yet")
        return self.latest

    def goes_on(self) -> bool:
        """Take it to its next report; False where there is none, as it has ended."""
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


def _report(going: Sequence[_SeedRun], runs: Sequence[_SeedRun]) -> Report:
    """The mean of all seeds; passed over where the report of one of them is."""
    reports = [run.latest for run in going if isinstance(run.latest, Report)]
    number, flaw = reports[0].number, _first_flaw(reports)
    if any(report.passed_over for report in reports):
        return Report(number, 0, math.nan, flaw=flaw, passed_over=True)
    steps = sorted({report.step for report in reports})
    if len(steps) > 1:
        raise failed(f"the seeds reported different steps at a time, {steps[0]} and {steps[-1]}; they must agree")
    said = [run.said for run in runs]
    return Report(number, steps[0], *mean_of(said), flaw=flaw, derived=said[0].derived)


def _first_flaw(said: Iterable[Report | Outcome]) -> str:
    return next((each.flaw for each in said if each.flaw), "")


def mean_of(said: Sequence[Report | Outcome]) -> tuple[float, dict[str, float]]:
    """The mean over several seeds with its standard error, and the mean of each metric that all of them have."""
    values = [each.value for each in said]
    names = [name for name in said[0].metrics if all(name in each.metrics for each in said)]
    means = {name: mean([each.metrics[name] for each in said]) for name in names}
    error = standard_error(values)
    return mean(values), {**means, STANDARD_ERROR: error} if math.isfinite(error) else means


def mean(values: Sequence[float]) -> float:
    """The mean of at least one value: not a number where infinities cancel out, infinite beyond all floats."""
    try:
        return fmean(values)
    except ValueError:  # both infinities
        return math.nan
    except OverflowError:
        return sum(value / len(values) for value in values)


def standard_error(values: Sequence[float]) -> float:
    """How far the mean of at least two values may be from that of all seeds; not a number where one is not finite."""
    if not all(map(math.isfinite, values)):
        return math.nan
    return stdev(values) / math.sqrt(len(values))
