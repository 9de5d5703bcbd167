"""Time, CPU time and memory of FxAI's commands on a study of 10,000 finished trials, compared with plain Optuna.

The study is `quick_search`'s (ten parameters, TPE, Median pruner) with ten reports per trial, most trials complete, on
SQLite, written by FxAI's own storage. Each figure is for whole processes, as a user starts them, the median of three.
Plain Optuna runs the nearest equivalent on a copy of the same database: load_study for a resume, ask, best_trial, its
data frame as JSON, optuna-dashboard. Ratios are of CPU seconds, which do not depend on other work on the machine.

    python benchmarks/big_study.py [--trials 10000] [--repeats 3] [--smoke]
"""

import argparse
import json
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import numpy as np
import optuna
import psutil
from optuna.trial import FrozenTrial, create_trial

from fxai.protocol import TrialResult, TrialState
from fxai.search import attributes
from fxai.search.seeds import trial_seed
from fxai.search.storage import WriteBehindStorage
from fxai.spec.reading.load import load_spec
from fxai.spec.search.study import StudySpec
from parent_cost import curve, distributions_of, draw, opened, quality_of
from smoke import parse

SPEC = Path(__file__).parents[1] / "config/optuna/quick_search.yaml"
REPORTS = 10
PRUNED_ONE_IN = 4
METRICS = ("sharpe", "sortino", "max_drawdown", "total_return", "win_rate", "turnover")
SEARCH = """
import sys
from pathlib import Path
sys.path.insert(0, {benchmarks!r})
from big_study import study_of
from parent_cost import opened
with opened(study_of({total}), Path({database!r})) as search:
    {what}
"""
OPTUNA = """
import optuna
optuna.logging.set_verbosity(optuna.logging.ERROR)
sampler = optuna.samplers.TPESampler(seed=0)
study = optuna.load_study(study_name="fx_ai_quick", storage="sqlite:///{database}", sampler=sampler)
{what}
"""

ASK = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from big_study import study_of
from fxai.search.space import suggest
suggest(study.ask(), study_of(1).parameters, {{}})
"""
SUMMARIES = "print(optuna.get_all_study_summaries(study._storage, include_best_trial=True))"
FRAME = "print(study.trials_dataframe().to_json(date_format='iso'))"

WATCH = """
import json, resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
seconds, used = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"seconds": seconds, "cpu": used.ru_utime + used.ru_stime, "megabytes": used.ru_maxrss / 1024}))
"""


@dataclass(frozen=True, slots=True)
class Took:
    """A process: its seconds from start to end, those that it computed, and its most memory."""

    seconds: float
    cpu: float
    megabytes: float


def study_of(total: int) -> StudySpec:
    (study,) = load_spec(SPEC).studies
    return study.model_copy(update={"n_trials": total})


def trial(
    number: int, rng: np.random.Generator, distributions: dict[str, optuna.distributions.BaseDistribution]
) -> FrozenTrial:
    """A finished trial as a run leaves it: reports, metrics, and what it took of the machine."""
    quality = quality_of(number)
    pruned = number % PRUNED_ONE_IN == 0
    steps = range(5, 5 * REPORTS + 1, 5)
    started = datetime.now()  # noqa: DTZ005 (Optuna's records hold local time)
    made = create_trial(
        state=optuna.trial.TrialState.PRUNED if pruned else optuna.trial.TrialState.COMPLETE,
        value=curve(quality, steps[-1]),
        params={name: draw(rng, distribution) for name, distribution in distributions.items()},
        distributions=distributions,
        intermediate_values={step: curve(quality, step) for step in steps},
        user_attrs={
            attributes.SEED: trial_seed(0, number),
            attributes.SECONDS: 1.0,
            attributes.ENV_STEPS: 100_000,
            **{name: float(value) for name, value in zip(METRICS, rng.normal(size=len(METRICS)), strict=True)},
        },
    )
    made.datetime_start = made.datetime_complete = started
    return made


def grow(spec: StudySpec, database: Path, count: int) -> None:
    """That many finished trials, written as one transaction."""
    with opened(spec, database) as search:
        first = search.ask()  # the default configuration
        assert first is not None
        search.tell(TrialResult(first.number, TrialState.COMPLETE, 1.0, quality_of(0)))
    rng, distributions = np.random.default_rng(1), distributions_of(spec)
    storage = WriteBehindStorage(f"sqlite:///{database}")
    with storage.one_transaction():
        study = optuna.load_study(study_name=spec.study_name, storage=storage)
        study.add_trials([trial(number, rng, distributions) for number in range(1, count)])
    storage.close()


def ran(command: Sequence[str], folder: Path) -> Took:
    """Run a process to its end, under a small one that looks after it."""
    watched = subprocess.run(
        [sys.executable, "-S", "-c", WATCH, *command], cwd=folder, stdout=subprocess.PIPE, check=True, text=True
    )
    return Took(**json.loads(watched.stdout.splitlines()[-1]))


def median(command: Sequence[str], folder: Path, repeats: int) -> Took:
    took = [ran(command, folder) for _ in range(repeats)]
    return Took(
        statistics.median(each.seconds for each in took),
        statistics.median(each.cpu for each in took),
        max(each.megabytes for each in took),
    )


def first_page(command: Sequence[str], folder: Path, address: str | None = None) -> Took:
    """A dashboard from its start to the study's data, which its page asks for first."""
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        if address is None:
            assert server.stdout is not None
            address = server.stdout.readline().split()[1]
        for path in ("/dashboard", "/api/studies", "/api/studies/1"):
            answer(f"{address}{path}")
        seconds = time.perf_counter() - started
        process = psutil.Process(server.pid)
        peak = Path(f"/proc/{server.pid}/status").read_text().partition("VmHWM:")[2].split()[0]
        used = process.cpu_times()
        server.terminate()
    return Took(seconds, used.user + used.system, int(peak) / 1024)


def answer(address: str) -> bytes:
    """Of a server that may still be starting."""
    until = time.monotonic() + 120
    while True:
        try:
            with urlopen(address) as page:  # noqa: S310 (our own server)
                return bytes(page.read())
        except URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def fxai(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from fxai.cli.app import main; main()", *arguments]


def search(database: Path, total: int, what: str) -> list[str]:
    """A process that takes the study up as a run does."""
    code = SEARCH.format(benchmarks=str(Path(__file__).parent), total=total, database=str(database), what=what)
    return [sys.executable, "-c", code]


def plain(database: Path, what: str) -> list[str]:
    return [sys.executable, "-c", OPTUNA.format(database=database, what=what)]


def measure(total: int, repeats: int, folder: Path) -> dict[str, tuple[Took, Took | None]]:
    """What each side took, by what was done; None where Optuna has nothing like it."""
    database, copied = folder / "studies.db", folder / "optuna.db"
    grow(study_of(total), database, total)
    print(f"{total} trials with {REPORTS} reports each: {database.stat().st_size / 1e6:.0f} MB")
    url, name, one_more = f"sqlite:///{database}", "fx_ai_quick", total + 1
    sides = {
        "resume": (search(database, one_more, "search.counts()"), plain(copied, "study.trials")),
        "resume, one ask": (search(database, one_more, "search.ask()"), plain(copied, ASK)),
        "status": (fxai("status", "--storage", url), plain(copied, SUMMARIES)),
        "best": (fxai("best", name, "--storage", url), plain(copied, "print(study.best_trial)")),
        "results": (fxai("results", name, "--storage", url), plain(copied, "print(study.best_trial)")),
        "results --json": (fxai("results", name, "--json", "--storage", url), plain(copied, FRAME)),
        "report": (fxai("report", name, "--storage", url, "--results-dir", str(folder)), None),
    }
    took: dict[str, tuple[Took, Took | None]] = {}
    for what, (ours, theirs) in sides.items():
        shutil.copy(database, copied)
        kept = folder / "kept.db"
        shutil.copy(database, kept)  # an ask leaves a trial
        took[what] = (median(ours, folder, repeats), None if theirs is None else median(theirs, folder, repeats))
        shutil.copy(kept, database)
    port = free_port()
    their_dashboard = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()"]
    took["dashboard, first page"] = (
        first_page(fxai("dashboard", "--port", "0", "--storage", url), folder),
        first_page(
            [*their_dashboard, url, "--port", str(port), "--server", "wsgiref"], folder, f"http://127.0.0.1:{port}"
        ),
    )
    return took


def show(took: dict[str, tuple[Took, Took | None]]) -> None:
    print(f"{'':<24}{'FxAI s':>9}{'CPU s':>8}{'MB':>7}{'Optuna s':>11}{'CPU s':>8}{'MB':>7}{'ratio of CPU':>14}")
    for what, (ours, theirs) in took.items():
        line = f"{what:<24}{ours.seconds:9.2f}{ours.cpu:8.2f}{ours.megabytes:7.0f}"
        if theirs is not None:
            line += f"{theirs.seconds:11.2f}{theirs.cpu:8.2f}{theirs.megabytes:7.0f}{theirs.cpu / ours.cpu:14.1f}"
        print(line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=3, help="processes for each figure, of which the median counts")
    arguments = parse(parser, {"trials": 60, "repeats": 1})
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with tempfile.TemporaryDirectory() as folder:
        took = measure(arguments.trials, arguments.repeats, Path(folder))
    show(took)
    seconds = {what: round(ours.seconds, 2) for what, (ours, _) in took.items()}
    ratios = {what: round(theirs.cpu / ours.cpu, 1) for what, (ours, theirs) in took.items() if theirs is not None}
    made = {name: version(name) for name in ("optuna", "optuna-dashboard")} | {"python": platform.python_version()}
    print(
        json.dumps({"trials": arguments.trials, "seconds": seconds, "cpu_optuna_over_fxai": ratios, "versions": made})
    )


if __name__ == "__main__":
    main()
