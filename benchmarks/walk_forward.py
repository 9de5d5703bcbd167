"""Time of a trial in folds: 5 folds x 4 seeds beside one fold x 20 seeds, with the same updates and validation bars.

Both trials train 20 lanes in one worker on one core, without pruning, on `eurusd_1h`. The folds of walk-forward share
the tensors of one pack, so only their bars and their standardized features differ. The rounds alternate, and the table
shows the median of each. Other work on the machine raises the wall time; the time of the process is shown beside it.

    python benchmarks/walk_forward.py [--folds 5] [--seeds 4] [--updates 50] [--rounds 5] [--smoke]
"""

import argparse
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from fxai.objectives.fx_trading import open_lanes, signature
from fxai.protocol import Decision, JsonObject, LanePlan, Report, Slot, TrialRequest
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.embargo import config_with_embargo
from smoke import parse


@dataclass(frozen=True, slots=True)
class Seconds:
    """What one trial took."""

    wall: float
    cpu: float


def config_of(folds: int, updates: int) -> TrainingConfig:
    split = {"walk_forward": {"folds": folds}} if folds > 1 else {}
    training = {"total_updates": updates, "eval_frequency": max(1, updates // 5)}
    return config_with_embargo(TrainingConfig.model_validate({"data": {"split": split}, "training": training}))


def trial_seconds(folds: int, seeds: int, updates: int) -> Seconds:
    """Train one trial of `folds` times `seeds` lanes to its end."""
    config = config_of(folds, updates).model_dump(mode="json")
    lanes = folds * seeds
    at_work = open_lanes(LanePlan("fx_trading", config, lanes, lanes=lanes), Slot(0))
    with tempfile.TemporaryDirectory() as folder:
        at_work.admit(request_of(config, folds, lanes, Path(folder)))
        wall, cpu = time.perf_counter(), time.process_time()
        while at_work.busy:
            for message in at_work.advance():
                if isinstance(message, Report):
                    at_work.decide(message.number, Decision.CONTINUE)
                elif message.error is not None:
                    raise SystemExit(message.error.message)
        return Seconds(time.perf_counter() - wall, time.process_time() - cpu)


def request_of(config: JsonObject, folds: int, lanes: int, folder: Path) -> TrialRequest:
    return TrialRequest(
        study="walk_forward",
        number=0,
        attempt=0,
        objective="fx_trading",
        params={},
        config=config,
        base_config=config,
        seeds=tuple(range(lanes)),
        folds=folds,
        metric="mean_reward",
        directory=folder,
        signature=signature(config),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=4, help="of each fold")
    parser.add_argument("--updates", type=int, default=50, help="of each training")
    parser.add_argument("--rounds", type=int, default=5)
    given = parse(parser, {"seeds": 1, "updates": 2, "rounds": 1})
    ways = {"folds": (given.folds, given.seeds), "one fold": (1, given.folds * given.seeds)}
    for folds, seeds in ways.values():
        trial_seconds(folds, seeds, updates=1)  # reads the bars and compiles the loops
    rounds = [
        {name: trial_seconds(folds, seeds, given.updates) for name, (folds, seeds) in ways.items()}
        for _ in range(given.rounds)
    ]
    print("way        folds  seeds  wall s   CPU s")
    for name, (folds, seeds) in ways.items():
        wall, cpu = (median(getattr(each[name], kind) for each in rounds) for kind in ("wall", "cpu"))
        print(f"{name:<10} {folds:>5} {seeds:>6} {wall:>7.2f} {cpu:>7.2f}")
    wall, cpu = (
        median(getattr(each["folds"], kind) / getattr(each["one fold"], kind) for each in rounds)
        for kind in ("wall", "cpu")
    )
    print(json.dumps({"wall_over_one_fold": round(wall, 3), "cpu_over_one_fold": round(cpu, 3)}))


if __name__ == "__main__":
    main()
