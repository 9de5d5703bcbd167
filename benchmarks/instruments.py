"""Memory of the market in all processes of a search, relative to its bars and features as float32.

A search with two workers trains on hourly bars of a year of each of 50 generated instruments. The proportional set
sizes (PSS) of the parent, the workers and their supervisors are read at every report of a trial; the last reading
counts. The memory of the market is that of its mapped files, in all processes together. A second search, on the bars of
one instrument, shows how much the other memory grows with the market: buffers of evaluations, and what reading the
files leaves behind. Bars are four prices, features those of the default configuration.

Each search is a new process with an empty cache folder. `seconds` is the time of the search of all instruments from its
start to the end of its last trial, with reading the files and preparing the market.

    python benchmarks/instruments.py [--instruments 50] [--bars 8760] [--workers 2] [--updates 20] [--smoke]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import psutil

from fxai.market.markets.dataset import prepare
from fxai.market.reading.synthetic_market import synthetic_market
from fxai.spec.fields.data_config import DataConfig
from fxai.spec.reading.load import spec_of
from fxai.spec.search.study import StudySpec
from fxai.spec.yaml.yaml_source import parse_yaml
from fxai.study.events import Ending, StudyEnded, StudyEvent, TrialFinished, TrialProgressed
from fxai.study.run import search_study
from fxai.study.stop_signal import StopSignal
from market_files import write_bars
from smoke import parse

MB = 1e6
FLOAT = 4  # bytes
PRICES = 4  # of a bar


@dataclass(frozen=True, slots=True)
class Memory:
    """Proportional set sizes in bytes."""

    parent: int
    workers: int  # with their supervisors
    mapped: int  # of these, files of the market

    @property
    def all(self) -> int:
        return self.parent + self.workers


@dataclass(slots=True)
class Watch:
    """Reads the memory at each report, when as many trials as there are workers have reported."""

    workers: int
    cache: Path
    reported: set[int] = field(default_factory=set)
    last: Memory | None = None

    def __call__(self, events: Iterable[StudyEvent]) -> StudyEnded:
        for event in events:
            match event:
                case TrialProgressed(report):
                    self.reported.add(report.number)
                    if len(self.reported) >= self.workers:
                        self.last = memory(self.cache)
                case TrialFinished(result) if result.error is not None:
                    sys.exit(result.error.message)
                case StudyEnded():
                    return event
                case _:
                    pass
        raise RuntimeError("the events of the study ended without StudyEnded")


def memory(cache: Path) -> Memory:
    parent = psutil.Process()
    others = parent.children(recursive=True)
    mapped = sum(size for process in (parent, *others) for size in mapped_sizes(process.pid, cache))
    return Memory(proportional(parent.pid), sum(proportional(process.pid) for process in others), mapped)


def proportional(pid: int) -> int:
    """PSS of a process in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def mapped_sizes(pid: int, folder: Path) -> Iterator[int]:
    """PSS of the mapped files in a folder, in bytes."""
    of_folder = False
    for line in Path(f"/proc/{pid}/smaps").read_text().splitlines():
        name, *rest = line.split()
        if not name.endswith(":"):
            of_folder = str(folder) in line
        elif of_folder and name == "Pss:":
            yield int(rest[0]) * 1024


def study_of(source: Path, workers: int, updates: int) -> StudySpec:
    """A search whose trials train side by side, one in each worker."""
    text = f"""
name: instruments
studies:
  - study_name: instruments
    direction: maximize
    metric_name: mean_reward
    n_trials: {3 * workers}
    n_jobs: {workers}
    sampler: {{type: RandomSampler}}
    pruner: {{type: NopPruner}}
    max_concurrent_trials: {workers}
    resources: {{lanes_per_worker: 1}}
    confirm: off
    verdict: off
    parameters:
      - {{name: training.learning_rate, type: float_log, low: 1e-5, high: 1e-3}}
    training_config:
      data: {{source: {source}, instruments: all}}
      training: {{total_updates: {updates}, eval_frequency: {max(1, updates // 4)}}}
"""
    (study,) = spec_of(parse_yaml(text, "instruments")).studies
    return study


def search(source: Path, workers: int, updates: int) -> None:
    """Runs the search in this process and prints its memory and its time."""
    cache, began = Path(os.environ["XDG_CACHE_HOME"]), time.monotonic()
    watch = Watch(workers, cache)
    with tempfile.TemporaryDirectory() as folder:
        study = study_of(source, workers, updates)
        study = study.model_copy(update={"storage": f"sqlite:///{folder}/study.db"})
        ended = search_study(study, Path(folder) / "results", watch, StopSignal(), plots=False).ended
    if ended.ending is not Ending.REACHED or watch.last is None:
        sys.exit(f"the search did not reach its end: {ended.reason}")
    print(json.dumps({**asdict(watch.last), "seconds": time.monotonic() - began}))


def measured(source: Path, given: argparse.Namespace) -> tuple[Memory, float]:
    """The memory of a search in a process of its own, and its seconds."""
    sizes = ["--workers", str(given.workers), "--updates", str(given.updates)]
    with tempfile.TemporaryDirectory() as cache:
        command = [sys.executable, __file__, "--search", str(source), *sizes]
        done = subprocess.run(
            command, env={**os.environ, "XDG_CACHE_HOME": cache}, stdout=subprocess.PIPE, text=True, check=False
        )
    if done.returncode:
        sys.exit(done.returncode)
    found = json.loads(done.stdout.splitlines()[-1])
    return Memory(found["parent"], found["workers"], found["mapped"]), found["seconds"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instruments", type=int, default=50)
    parser.add_argument("--bars", type=int, default=8760, help="of each instrument")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--updates", type=int, default=20, help="of each trial")
    parser.add_argument("--search", type=Path, help=argparse.SUPPRESS)
    given = parse(parser, {"instruments": 4, "bars": 4000, "updates": 4})
    if given.search:
        search(given.search, given.workers, given.updates)
        return
    with tempfile.TemporaryDirectory() as folder:
        one, few = measured(write_sources(Path(folder) / "one", 1, given.bars), given)
        all_of_them, seconds = measured(write_sources(Path(folder) / "all", given.instruments, given.bars), given)
    columns = PRICES + len(prepare(DataConfig()).feature_names) - 1  # generated bars have no volume
    market, single = (FLOAT * columns * given.bars * number for number in (given.instruments, 1))
    print(f"{'MB':>24}{'1 instrument':>16}{f'{given.instruments} instruments':>16}")
    print(f"{'bars and features':>24}{single / MB:>16.1f}{market / MB:>16.1f}")
    for name in ("parent", "workers", "mapped"):
        print(f"{name:>24}{getattr(one, name) / MB:>16.1f}{getattr(all_of_them, name) / MB:>16.1f}")
    print(f"{'seconds':>24}{few:>16.1f}{seconds:>16.1f}")
    grown = (all_of_them.all - one.all - all_of_them.mapped + one.mapped) / (market - single)
    result = {"instruments": given.instruments, "memory_over_float32": all_of_them.mapped / market}
    print(json.dumps({**result, "other_growth_over_float32": grown, "seconds": seconds}))


def write_sources(folder: Path, instruments: int, bars: int) -> Path:
    """Writes a file with the bars of each instrument. Returns the folder."""
    folder.mkdir()
    for seed in range(instruments):
        write_bars(synthetic_market(seed, bars), folder)
    return folder


if __name__ == "__main__":
    main()
