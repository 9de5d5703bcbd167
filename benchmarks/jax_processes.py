"""Processes that train by JAX: one for each core with one thread, or one with all cores.

Each process compiles what it trains and keeps it. It has JAX's flags in its environment before it imports JAX, so this
module imports none and can be imported without JAX.
"""

import importlib
import importlib.util
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from types import TracebackType
from typing import Any, Literal, Self

import numpy as np

from fxai.market.markets.dataset import prepare
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure
from fxai.spec.search.parameters import FloatParameter
from fxai.spec.search.study import StudySpec
from optuna_sb3 import Span

MISSING = "JAX is not installed (poetry install --with peers): its side is left out"
_START_SECONDS = 1800.0  # all processes compile first
_FAST_MATH = "--xla_cpu_enable_fast_math=true"  # a quarter faster; the flag of XLA for it is off by default
_ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
_start_together: Barrier  # one for all processes, set when each starts
_compiled: dict[tuple[str, "Way"], Any] = {}  # by configuration and way


def has_jax() -> bool:
    return importlib.util.find_spec("jax") is not None


@dataclass(frozen=True, slots=True)
class Way:
    """How a process trains."""

    lanes: int  # trainings in one call, by `vmap`
    unroll: int = 1  # gradient steps that are one body of XLA's loop
    package: Literal["own", "rejax"] = "own"  # `jax_training.py` or `rejax_training.py`; the latter has no `unroll`

    def __str__(self) -> str:
        return f"{self.lanes} lane{'s' if self.lanes > 1 else ''}" + (
            f", unroll {self.unroll}" if self.unroll > 1 else ""
        )


class JaxProcesses:
    """Processes that wait with JAX imported. JAX runs on the CPU, also beside a GPU."""

    def __init__(self, count: int, *, one_core_each: bool = True) -> None:
        spawn = multiprocessing.get_context("spawn")
        self.count = count
        started = spawn.Value("i", 0), spawn.Barrier(count)
        self._pool = ProcessPoolExecutor(count, spawn, initializer=_prepare, initargs=(*started, one_core_each))

    def compile_seconds(self, study: StudySpec, way: Way) -> float:
        """Compiles in all processes at once. Returns the longest time of a process."""
        dumped = study.model_dump()
        return max(each.result() for each in [self._pool.submit(_compile, dumped, way) for _ in range(self.count)])

    def trainings(self, study: StudySpec, way: Way, each: int) -> Sequence[Span]:
        """Random search in the study's space, at least `each` trainings in each process, in whole calls."""
        calls, dumped = -(-each // way.lanes), study.model_dump()
        shares = [self._pool.submit(_train, dumped, way, calls, seed) for seed in range(self.count)]
        return [span for share in shares for span in share.result()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)


def _prepare(started: "Synchronized[int]", barrier: Barrier, one_core_each: bool) -> None:  # noqa: FBT001
    global _start_together  # noqa: PLW0603 - a process of the pool keeps it from its start on
    _start_together = barrier
    with started.get_lock():
        number, started.value = started.value, started.value + 1
    if one_core_each:
        use_one_core(number)
    else:
        os.environ |= {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": _FAST_MATH}
    importlib.import_module("jax")


def use_one_core(number: int) -> None:
    """Sets the flags of a process that trains by JAX on one core. JAX is imported after this."""
    os.environ |= {"JAX_PLATFORMS": "cpu", "XLA_FLAGS": f"{_FAST_MATH} {_ONE_THREAD}"}
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})


def _compile(dumped: dict[str, object], way: Way) -> float:
    """Compiles a whole training and runs it in no measurement. The time is that of tracing and compiling alone."""
    import jax  # noqa: PLC0415 - after _prepare

    from jax_training import Lane  # noqa: PLC0415 - imports JAX

    _start_together.wait(_START_SECONDS)
    base = _base_of(StudySpec.model_validate(dumped))
    training = _training_of(base, way)
    keys, lanes = jax.random.split(jax.random.key(0), way.lanes), Lane.stacked([Lane.of(base)] * way.lanes)
    began = time.monotonic()
    begin = training.begin.lower(keys).compile()
    advance = training.advance.lower(lanes, jax.eval_shape(training.begin, keys)).compile()
    seconds = time.monotonic() - began
    _compiled[base.model_dump_json(), way] = begin, advance
    return seconds


def _training_of(base: TrainingConfig, way: Way) -> Any:
    """A `JaxTraining`, or a `RejaxTraining`, whose functions are called in the same way."""
    market, updates = prepare(base.data), base.training.total_updates
    if way.package == "rejax":
        from rejax_training import RejaxTraining  # noqa: PLC0415 - imports JAX, and rejax, which need not be installed

        return RejaxTraining.of(base, base, market, updates)
    from jax_training import JaxTraining  # noqa: PLC0415 - imports JAX

    return JaxTraining.of(base, base, market, updates, way.unroll)


def _train(dumped: dict[str, object], way: Way, calls: int, seed: int) -> list[Span]:
    """One process's share. The search draws at random, as Optuna's RandomSampler does, and takes no time."""
    import jax  # noqa: PLC0415 - after _prepare

    from jax_training import Lane  # noqa: PLC0415 - imports JAX

    spec = StudySpec.model_validate(dumped)
    base = _base_of(spec)
    begin, advance = _compiled[base.model_dump_json(), way]
    drawn = np.random.default_rng(seed)
    spans: list[Span] = []
    _start_together.wait(_START_SECONDS)
    for call in range(calls):
        began = time.monotonic()
        lanes = [Lane.of(configure(base, draw(spec, drawn))) for _ in range(way.lanes)]
        keys = jax.random.split(jax.random.key(1000 * seed + call), way.lanes)
        scores = np.asarray(advance(Lane.stacked(lanes), begin(keys))[1])
        assert np.isfinite(scores).all()
        spans += [Span(began, time.monotonic())] * way.lanes
    return spans


def _base_of(spec: StudySpec) -> TrainingConfig:
    assert isinstance(spec.training_config, TrainingConfig)
    return spec.training_config


def draw(spec: StudySpec, drawn: np.random.Generator) -> dict[str, float]:
    """Random values of a study's parameters, which are floats."""
    params = {}
    for each in spec.parameters:
        assert isinstance(each, FloatParameter)
        low, high = (np.log([each.low, each.high])) if each.log else (each.low, each.high)
        value = drawn.uniform(low, high)
        params[each.name] = float(np.clip(np.exp(value) if each.log else value, each.low, each.high))
    return params
