"""Plain Optuna beside `scale.py`: processes that ask and tell trials of one study on a database.

As Optuna's documentation describes for many machines, each process opens the study and asks for its next trial itself.
Its trials take no time, so the processes are always at work, and the figure is the most that Optuna can hand out.
"""

import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from fxai.spec.search.study import StudySpec
from parent_cost import distributions_of, quality_of

PROCESSES = 2


@dataclass(frozen=True, slots=True)
class Handled:
    """What one process did."""

    trials: int
    seconds: float
    cpu: float  # seconds of the process


def optuna_throughput(spec: StudySpec, sampler: str, url: str, seconds: float) -> tuple[float, float]:
    """Finished trials per second of all processes together, and their CPU time per trial in milliseconds."""
    arguments = (spec, sampler, url, seconds)
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:
        handled = [
            each.result() for each in [pool.submit(_ask_and_tell, *arguments, seed) for seed in range(PROCESSES)]
        ]
    trials = sum(each.trials for each in handled)
    return sum(each.trials / each.seconds for each in handled), 1000 * sum(each.cpu for each in handled) / trials


def _ask_and_tell(spec: StudySpec, sampler: str, url: str, seconds: float, seed: int) -> Handled:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    distributions = distributions_of(spec)
    study = optuna.load_study(study_name=spec.study_name, storage=_with_driver(url), sampler=_sampler_of(sampler, seed))
    study.tell(study.ask(distributions), quality_of(0))  # opens the database and reads the trials
    began, cpu, trials = time.monotonic(), time.process_time(), 0
    while trials == 0 or time.monotonic() - began < seconds:
        trial = study.ask(distributions)
        study.tell(trial, quality_of(trial.number))
        trials += 1
    return Handled(trials, time.monotonic() - began, time.process_time() - cpu)


def _sampler_of(name: str, seed: int) -> BaseSampler:
    return RandomSampler(seed=seed) if name == "random" else TPESampler(seed=seed)


def _with_driver(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
