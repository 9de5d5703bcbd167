"""A search over shapes with pruning: FxAI against the PPO in JAX, which compiles each shape.

Both run the same trials in the same order: the default and random values of ten hyperparameters, width, layers, batch
and bars of the observation. Both evaluate every ten updates and prune by the median of the finished trials. FxAI fills
the lanes of its packs again where a trial is pruned. JAX cannot stop a compiled training, so it is cut at the
evaluations: a call is ten updates and a score, and the parent prunes between two calls by Optuna's MedianPruner. Each
process, one for each core, compiles a shape when it meets the shape first, and keeps it. The first trainings of a
process of FxAI load stored machine code; the benchmark does not empty that store.

Seconds count from the start of the first process to the end of the last trial, on both sides.

    python benchmarks/jax_search.py [--trials 48] [--updates 50] [--smoke]
"""

import argparse
import json
import multiprocessing
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

import numpy as np
import optuna

from fxai.market.markets.dataset import prepare
from fxai.pool.machine import available_cores
from fxai.protocol import TrialState
from fxai.spec.fields.env_config import EnvConfig
from fxai.spec.fields.ppo_config import PpoConfig
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.configure import configure, default_params
from fxai.spec.search.parameters import CategoricalParameter
from fxai.spec.search.pruners import MedianPruner
from fxai.spec.search.samplers import RandomSampler
from fxai.spec.search.study import StudySpec
from jax_processes import MISSING, draw, has_jax, use_one_core
from lanes import PER_LANE
from smoke import parse
from timed_study import choose_device, time_study

SHAPES = (
    CategoricalParameter(name="model.d_model", choices=(32, 64, 128)),
    CategoricalParameter(name="model.n_layers", choices=(1, 2)),
    CategoricalParameter(name="training.batch_size", choices=(64, 128, 256)),
    CategoricalParameter(name="env.observation_window", choices=(1, 4)),
)
EVERY = 10  # updates from one evaluation to the next


@dataclass(frozen=True, slots=True)
class Searched:
    """What a side needed."""

    seconds: float
    pruned: int
    compiling: float = 0.0  # seconds of all processes


def search_space(trials: int, updates: int) -> StudySpec:
    """The study; all of its trials are enqueued, so that both sides run the same ones."""
    floats = StudySpec(study_name="mixed_shapes", parameters=PER_LANE)
    drawn = np.random.default_rng(0)
    enqueued: list[dict[str, Any]] = [
        {**draw(floats, drawn), **{each.name: each.choices[drawn.integers(len(each.choices))] for each in SHAPES}}
        for _ in range(trials - 1)
    ]
    return StudySpec(
        study_name="mixed_shapes",
        sampler=RandomSampler(),
        pruner=MedianPruner(n_startup_trials=5, n_warmup_steps=EVERY),
        parameters=(*PER_LANE, *SHAPES),
        n_trials=trials,
        enqueue=tuple(enqueued),
        training_config=TrainingConfig(
            env=EnvConfig(observation_window=1),
            training=PpoConfig(total_updates=updates, eval_frequency=min(EVERY, updates)),
        ),
    )


def fxai_search(study: StudySpec) -> Searched:
    timed = time_study(study)
    return Searched(timed.seconds, sum(each.state is TrialState.PRUNED for each in timed.finishes))


def jax_search(study: StudySpec) -> Searched:
    """Each process asks for a trial when it has none."""
    base = study.training_config
    assert isinstance(base, TrainingConfig)
    waiting = [configure(base, params) for params in (default_params(study), *study.enqueue)]
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=EVERY)
    told = optuna.create_study(direction="maximize", pruner=pruner)
    began, spawn = time.monotonic(), multiprocessing.get_context("spawn")
    running: dict[Connection, optuna.Trial] = {}
    with ExitStack() as stack:
        for core in range(available_cores()):
            ours, theirs = spawn.Pipe()
            process = spawn.Process(target=_serve, args=(theirs, core, base.model_dump_json()))
            process.start()
            stack.callback(process.join)
            _next_trial(ours, running, waiting, told)
        compiling = 0.0
        while running:
            for pipe in wait(list(running)):
                assert isinstance(pipe, Connection)
                trial = running[pipe]
                step, score, is_last, seconds = pipe.recv()
                compiling += seconds
                trial.report(score, step)
                pruned = not is_last and trial.should_prune()
                if is_last or pruned:
                    told.tell(trial, None if pruned else score, _STATES[pruned])
                    del running[pipe]
                    _next_trial(pipe, running, waiting, told)
                else:
                    pipe.send("continue")
        seconds = time.monotonic() - began
    return Searched(seconds, sum(trial.state is _STATES[True] for trial in told.trials), compiling)


_STATES = {True: optuna.trial.TrialState.PRUNED, False: optuna.trial.TrialState.COMPLETE}


def _next_trial(
    pipe: Connection, running: dict[Connection, optuna.Trial], waiting: list[TrainingConfig], told: optuna.Study
) -> None:
    """Sends the next configuration, or the end if none waits."""
    if not waiting:
        pipe.send(None)
        return
    running[pipe] = told.ask()
    pipe.send(waiting.pop(0).model_dump_json())


def _serve(pipe: Connection, core: int, base_text: str) -> None:
    """A process: trains what it is sent, and reports each evaluation with the seconds of compiling before it."""
    use_one_core(core)
    import jax  # noqa: PLC0415 - after use_one_core

    from jax_training import JaxTraining, Lane  # noqa: PLC0415 - imports JAX

    base = TrainingConfig.model_validate_json(base_text)
    market = prepare(base.data)
    compiled: dict[tuple[object, ...], tuple[Any, Any]] = {}
    keys = jax.random.split(jax.random.key(core), 1)
    text = pipe.recv()
    while text is not None:
        config = TrainingConfig.model_validate_json(text)
        lane, began = Lane.stacked([Lane.of(config)]), time.monotonic()
        shape = _shape_of(config)
        if shape not in compiled:
            training = JaxTraining.of(config, base, market, config.training.eval_frequency)
            first = jax.eval_shape(training.begin, keys)
            compiled[shape] = (
                training.begin.lower(keys).compile(),  # type: ignore[attr-defined]  # of a function of jax.jit
                training.advance.lower(lane, first).compile(),  # type: ignore[attr-defined]
            )
        seconds = time.monotonic() - began
        begin, advance = compiled[shape]
        learner, step = begin(keys), 0
        while text == "continue" or step == 0:
            learner, scores = advance(lane, learner)
            step += config.training.eval_frequency
            pipe.send((step, float(scores[0]), step >= config.training.total_updates, seconds))
            text, seconds = pipe.recv(), 0.0


def _shape_of(config: TrainingConfig) -> tuple[object, ...]:
    ppo = config.training
    assert isinstance(ppo, PpoConfig)
    return config.model.d_model, config.model.n_layers, ppo.batch_size, config.env.observation_window


def shapes_in(study: StudySpec) -> int:
    base = study.training_config
    assert isinstance(base, TrainingConfig)
    configs: Sequence[TrainingConfig] = [configure(base, params) for params in (default_params(study), *study.enqueue)]
    return len({_shape_of(config) for config in configs})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=48)
    parser.add_argument("--updates", type=int, default=50)
    options = parse(parser, {"trials": 2, "updates": 1})
    if not has_jax():
        print(MISSING)
        print(json.dumps({"over_jax": None}))
        return
    choose_device("cpu")
    study = search_space(options.trials, options.updates)
    print(f"{options.trials} trials of {shapes_in(study)} shapes, {options.updates} updates, {available_cores()} cores")
    print(f"{'':<6}{'seconds':>9}{'pruned':>8}{'compiling':>11}")
    found = {"FxAI": fxai_search(study), "JAX": jax_search(study)}
    for name, side in found.items():
        print(f"{name:<6}{side.seconds:>9.1f}{side.pruned:>8}{side.compiling:>11.1f}")
    print(json.dumps({"over_jax": round(found["JAX"].seconds / found["FxAI"].seconds, 2)}))


if __name__ == "__main__":
    main()
