"""Compares the winner of quick_search with the default configuration, both trained again with new seeds.

The best of 50 trials beats one default run by noise alone, so the search's own figures show nothing. On each market
this benchmark runs the search to its end (it uses a finished search in `--folder` as it is), then trains the winner and
the default with seeds that the search did not use, and prints the bootstrap interval of the paired difference of their
scores on the validation split. On the planted market, where the next move follows from the past, the interval should
lie above zero; on EURUSD it is only printed.

    python benchmarks/quick_search_check.py [--seeds 10] [--market planted] [--folder FOLDER] [--smoke]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna
from numpy.typing import NDArray
from scipy.stats import bootstrap

from fxai.pool import LocalPool, WorkerPool, machine_slots
from fxai.protocol import Decision, LanePlan, ParamValue, Report, TrialPaths, TrialRequest, TrialResult
from fxai.spec.reading.load import load_spec
from fxai.spec.reading.override import override
from fxai.spec.search.configure import default_params, trial_settings
from fxai.spec.search.study import StudySpec
from lanes_search import ONLY_SEARCH, SHORTEST
from smoke import parse

REPOSITORY = Path(__file__).parents[1]
SPEC = REPOSITORY / "config" / "optuna" / "quick_search.yaml"
MARKETS = {"planted": "planted_1h", "eurusd": "eurusd_1h"}
FIRST_FRESH_SEED = 10_000_019
OBJECTIVE = "fx_trading"


@dataclass(frozen=True)
class Difference:
    """Winner minus default, seed by seed."""

    winner: NDArray[np.float64]
    default: NDArray[np.float64]

    def interval(self) -> tuple[float, float]:
        """95 % bias-corrected bootstrap interval of the mean paired difference."""
        paired = self.winner - self.default
        result = bootstrap((paired,), np.mean, confidence_level=0.95, rng=np.random.default_rng(0))
        return float(result.confidence_interval.low), float(result.confidence_interval.high)


def search(market: str, folder: Path, settings: Mapping[str, str]) -> tuple[StudySpec, Mapping[str, ParamValue]]:
    """Bring quick_search on that market to its end by the command line; the study and its best parameters."""
    storage = f"sqlite:///{folder / market}.db"
    changes = {**settings, **ONLY_SEARCH, "training_config.data.source": MARKETS[market]}
    command = [sys.executable, str(REPOSITORY / "optuna_optimization.py"), "run", "--quiet", "--spec", str(SPEC)]
    command += ["--storage", storage, "--results-dir", str(folder / market)]
    command += [f"--set={name}={value}" for name, value in changes.items()]
    subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)
    (study,) = override(load_spec(SPEC), changes).studies
    best = optuna.load_study(study_name=study.study_name, storage=storage).best_params
    return study, best


def requests(study: StudySpec, params: Mapping[str, ParamValue], seeds: int, folder: Path) -> Iterator[TrialRequest]:
    for index in range(seeds):
        yield TrialRequest(
            study=study.study_name,
            number=index,
            attempt=0,
            objective=OBJECTIVE,
            params=params,
            config=trial_settings(study, params),
            base_config=study.training_config.model_dump(mode="json"),
            seeds=(FIRST_FRESH_SEED + index,),
            metric=study.metric_name,
            directory=TrialPaths.of(folder, index).directory,
        )


def train_all(workers: WorkerPool, waiting: Iterator[TrialRequest]) -> NDArray[np.float64]:
    """The score of every request, in their order."""
    scores: dict[int, float] = {}
    running = 0
    for request in waiting:
        workers.submit(request)
        running += 1
        while running and not workers.free_slots:
            running -= _take_events(workers, scores)
    while running:
        running -= _take_events(workers, scores)
    return np.array([scores[number] for number in sorted(scores)])


def _take_events(workers: WorkerPool, scores: dict[int, float]) -> int:
    ended = 0
    for event in workers.events(1.0):
        match event:
            case Report() as report:
                workers.answer(report.number, Decision.CONTINUE)
            case TrialResult() as result:
                if result.value is None:
                    sys.exit(f"a training failed: {result.error}")
                scores[result.number] = result.value
                ended += 1
            case _:
                pass
    return ended


def compare(market: str, folder: Path, seeds: int, settings: Mapping[str, str]) -> Difference:
    study, best = search(market, folder, settings)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        plan = LanePlan(OBJECTIVE, study.training_config.model_dump(mode="json"))
        with LocalPool(machine_slots().slots, scratch, plan) as workers:
            winner = train_all(workers, requests(study, best, seeds, scratch / "winner"))
            default = train_all(workers, requests(study, default_params(study), seeds, scratch / "default"))
    return Difference(winner, default)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--market", choices=MARKETS, action="append", help="both unless given")
    parser.add_argument("--folder", type=Path, help="where searches lie and stay; a temporary one unless given")
    arguments = parse(parser, {"seeds": 3, "market": ["planted"]})
    settings = SHORTEST if arguments.smoke else {}
    with tempfile.TemporaryDirectory() as scratch:
        folder = (arguments.folder or Path(scratch)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        above_zero = {}
        print(f"{'market':8} {'winner':>10} {'default':>10}   95 % interval of winner - default")
        for market in arguments.market or MARKETS:
            difference = compare(market, folder, arguments.seeds, settings)
            low, high = difference.interval()
            above_zero[market] = low > 0
            means = f"{difference.winner.mean():10.5f} {difference.default.mean():10.5f}"
            print(f"{market:8} {means}   [{low:.5f}, {high:.5f}]", flush=True)
    print(json.dumps({"above_zero": above_zero, "seeds": arguments.seeds}))


if __name__ == "__main__":
    main()
