"""Memory per lane, and its growth in a long run.

A process in the environment of a worker trains packs of `quick_search`'s base configuration through `fx_trading`'s
lanes, as a worker does. The first part runs packs of 1, 8, 16 and 32 lanes in a new process each; the memory of a lane
is the slope of a line through the four values. The second part runs one process for hundreds of updates. Every few
updates trials start, are evaluated and checkpointed, are pruned or end, and are followed by others (with two epochs per
update, which changes no tensor). Memory is the resident set size after each update. The benchmark compares the median
of the first third of the long run (after a tenth of the run, in which caches fill) with that of the last third.

    python benchmarks/lane_memory.py [--updates 300] [--lanes 8] [--smoke]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median

import psutil

from fxai.objectives import fx_trading
from fxai.pool.started_worker import worker_environment
from fxai.protocol import Decision, JsonObject, LanePlan, ParamValue, Report, Slot, TrialRequest
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.reading.find_spec import find_spec
from fxai.spec.reading.load import load_spec
from fxai.spec.search.configure import configure
from smoke import parse

WIDTHS = (1, 8, 16, 32)
SMOKE_WIDTHS = (1, 2)
UPDATES_OF_A_WIDTH = 6  # with one evaluation among them
EVERY_PRUNED = 3  # of the trials of the long run, at their second report
BUDGETS = (12, 20, 16, 28)  # updates of the trials of the long run, in turn
FEW_EPOCHS = 2
SETTLING = 10  # the part of the long run, one in so many, that counts for nothing
MB = 1e6


@dataclass(slots=True)
class Pack:
    """The lanes of one worker, kept full of trials that come and go."""

    width: int
    folder: Path
    budgets: tuple[int, ...]
    n_epochs: int | None  # instead of the base configuration's
    base: JsonObject
    begun: int = 0
    ended: int = 0

    def resident(self, updates: int) -> Iterator[float]:
        """MB after each of so many updates."""
        lanes = fx_trading.open_lanes(LanePlan("fx_trading", self.base, lanes=self.width), Slot(0))
        process = psutil.Process()
        reports: dict[int, int] = {}
        for _ in range(updates):
            while self.begun - self.ended < self.width:
                lanes.admit(self._next())
            for came in lanes.advance():
                if not isinstance(came, Report):
                    if came.error is not None:
                        sys.exit(came.error.message)
                    self.ended += 1
                    continue
                reports[came.number] = reports.get(came.number, 0) + 1
                prune = reports[came.number] == 2 and came.number % EVERY_PRUNED == 0
                lanes.decide(came.number, Decision.PRUNE if prune else Decision.CONTINUE)
            yield process.memory_info().rss / MB

    def _next(self) -> TrialRequest:
        number, self.begun = self.begun, self.begun + 1
        config = TrainingConfig.model_validate(self.base)
        changes: dict[str, ParamValue] = {"training.total_updates": self.budgets[number % len(self.budgets)]}
        if self.n_epochs is not None:
            changes["training.n_epochs"] = self.n_epochs
        return TrialRequest(
            study="lane_memory",
            number=number,
            attempt=0,
            objective="fx_trading",
            params={},
            config=configure(config, changes).model_dump(mode="json"),
            base_config=self.base,
            seeds=(number,),
            metric="mean_reward",
            directory=self.folder / str(number),
        )


def quick_search_base() -> JsonObject:
    (study,) = load_spec(find_spec("quick_search")).studies
    return study.training_config.model_dump(mode="json")


def in_this_process(width: int, updates: int, *, coming_and_going: bool) -> None:
    """Train, and print MB after each update as one line of JSON."""
    budgets, epochs = (BUDGETS, FEW_EPOCHS) if coming_and_going else ((10 * updates,), None)
    with tempfile.TemporaryDirectory() as folder:
        pack = Pack(width, Path(folder), budgets, epochs, quick_search_base())
        print(json.dumps({"resident": list(pack.resident(updates)), "begun": pack.begun}))


def in_a_fresh_process(width: int, updates: int, *, coming_and_going: bool = False) -> tuple[list[float], int]:
    """MB after each update, and the trials that were begun."""
    command = [sys.executable, __file__, "--lanes", str(width), "--updates", str(updates)]
    command.append("--coming-and-going" if coming_and_going else "--steady")
    told = subprocess.run(command, env=worker_environment(Slot(0)), stdout=subprocess.PIPE, check=True)
    answer = json.loads(told.stdout)
    return answer["resident"], answer["begun"]


def memory_of_a_lane(widths: tuple[int, ...]) -> float:
    """MB, by the packs of several widths."""
    print("lanes   MB, the most of", UPDATES_OF_A_WIDTH, "updates")
    found = []
    for width in widths:
        resident, _ = in_a_fresh_process(width, UPDATES_OF_A_WIDTH)
        found.append(max(resident))
        print(f"{width:>5}{found[-1]:>8.1f}", flush=True)
    return linear_regression(widths, found).slope


def growth(width: int, updates: int) -> float:
    """MB by which the last third of a long run is above the first."""
    resident, begun = in_a_fresh_process(width, updates, coming_and_going=True)
    settled = resident[len(resident) // SETTLING :]
    third = len(settled) // 3
    first, last = median(settled[:third]), median(settled[-third:])
    print(f"{updates} updates of {width} lanes, {begun} trials")
    print(f"MB: {resident[0]:.1f} after the first update, {max(resident):.1f} at most")
    print(f"MB: {first:.1f} in the first third, {last:.1f} in the last")
    return last - first


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--updates", type=int, default=300, help="of the long run")
    parser.add_argument("--lanes", type=int, default=8, help="of the long run")
    of_a_process = parser.add_mutually_exclusive_group()
    of_a_process.add_argument("--steady", action="store_true", help=argparse.SUPPRESS)
    of_a_process.add_argument("--coming-and-going", action="store_true", help=argparse.SUPPRESS)
    arguments = parse(parser, {"lanes": 2, "updates": 6})
    if arguments.steady or arguments.coming_and_going:
        in_this_process(arguments.lanes, arguments.updates, coming_and_going=arguments.coming_and_going)
        return
    per_lane = memory_of_a_lane(SMOKE_WIDTHS if arguments.smoke else WIDTHS)
    grown = growth(arguments.lanes, arguments.updates)
    print(json.dumps({"mb_per_lane": round(per_lane, 2), "growth_mb": round(grown, 1)}))


if __name__ == "__main__":
    main()
