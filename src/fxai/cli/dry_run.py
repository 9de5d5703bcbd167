"""What `fxai run --dry-run` prints: the spec as it would run, every default and flag in its place."""

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_pairs, print_text
from fxai.formatting import counted, figure, legible, span
from fxai.pool import SlotPlan, machine_slots
from fxai.results.paths import StudyPaths
from fxai.spec.checks.advice import notices
from fxai.spec.fields.objective import CustomCommand, Objective, PythonFunction
from fxai.spec.fields.storage_url import shown
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import CategoricalParameter, Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import Pruner
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import Spec, StudySpec
from fxai.study.load_transfer import load_transfer
from fxai.study.memory_need import check_memory
from fxai.tracking import tracker_names


def print_plan(console: Console, spec: Spec, settings: Collection[str]) -> None:
    """Each study of the spec: what is searched, how, on what budget, where, by which workers."""
    for loaded in (load_transfer(each, Path(spec.results_dir), settings) for each in spec.studies):
        study = loaded.study
        share = machine_slots(study.n_jobs, study.resources.cpu, study.gpu_per_trial)
        print_text(console, f"Study: {study.study_name}")
        print_pairs(console, _facts(study, share, Path(spec.results_dir)))
        notices_of_share = (*share.notices, *check_memory(study, share))
        print_text(console, *notices_of_share, *loaded.notices, f"Parameters ({len(study.parameters)}):")
        print_pairs(console, [(f"  {each.name}", _space(each)) for each in study.parameters])
        print_text(console, *(f"Constraint: {legible(each)}" for each in study.constraints), *notices(study), "")
    print_text(console, "Nothing was started or written.")


def _facts(study: StudySpec, share: SlotPlan, results_dir: Path) -> Sequence[tuple[str, str]]:
    return (
        ("Objective", f"{_objective(study.objective)}; {_goals(study)}"),
        (
            "Trials",
            f"{study.n_trials} in total" + _limit("study", study.timeout) + _limit("trial", study.trial_timeout),
        ),
        *_of_stop(study.stop),
        *_of_training(study.training_config),
        ("Seeds", _seeds(study.seeds_per_trial)),
        *((("Preset", legible(study.preset)),) if study.preset else ()),
        *((("Search", _populations(study.search, study.training_config)),) if study.search else ()),
        ("Sampler", _called(study.sampler)),
        ("Pruner", _called(study.pruner)),
        ("Seed", str(study.seed)),
        ("WorkerPool", _workers(share, study.n_trials)),
        ("Lanes", _lanes(study)),
        *((("Tracking", ", ".join(named)),) if (named := tracker_names(study.tracking)) else ()),
        ("Storage", shown(study.storage)),
        ("Results", str(StudyPaths(results_dir, study.study_name).directory)),
    )


def _objective(objective: Objective) -> str:
    match objective:
        case CustomCommand(command=command, folder=folder):
            return f"{' '.join(map(_word, command))}, in {folder}"
        case PythonFunction(function=function, folder=folder):
            return f"{function}, in {folder}"
        case _:
            return objective


def _goals(study: StudySpec) -> str:
    goals = ", ".join(f"{goal.direction} {goal.metric}" for goal in study.goals)
    return f"{goals}; pruned by {study.metric_name}" if study.objectives else goals


def _word(word: str) -> str:
    """Placeholders in braces need no quotes; this is to be read and not to be pasted."""
    return shlex.quote(word) if any(char.isspace() for char in word) else word


def _of_training(config: TrainingConfig | CustomConfig) -> Sequence[tuple[str, str]]:
    if isinstance(config, CustomConfig):
        return ()
    training = config.training
    length = f"{training.total_updates} updates of {training.algorithm}, scored every {training.eval_frequency}"
    return (("Trial", length), ("Data", config.data.source))


def _of_stop(stop: Stop) -> Sequence[tuple[str, str]]:
    """What ends the study earlier, as it is written."""
    rules = stop.model_dump(exclude_defaults=True)
    return (("Stop", ", ".join(f"{name} {figure(value)}" for name, value in rules.items())),) if rules else ()


def _limit(what: str, seconds: float | None) -> str:
    return "" if seconds is None else f", at most {span(seconds)} a {what}"


def _called(record: Sampler | Pruner) -> str:
    """`TPESampler(n_startup_trials=10, seed=3)`: what was given, without what is not set."""
    arguments = record.model_dump(exclude={"type"}, exclude_none=True)
    return f"{record.type}({', '.join(f'{name}={value}' for name, value in arguments.items())})"


def _populations(search: PopulationSearch, config: TrainingConfig | CustomConfig) -> str:
    factors = ", ".join(map(figure, search.perturbation))
    interval = search.interval(config.training) if isinstance(config, TrainingConfig) else search.ready_interval
    return (
        f"populations of {search.population}, compared every {interval} updates; the worst "
        f"{figure(100 * search.quantile)} % go on from the best ones' weights, parameters times one of {factors}, "
        f"{figure(100 * search.resample_probability)} % of them drawn anew"
    )


def _workers(share: SlotPlan, n_trials: int) -> str:
    slots = share.slots[:n_trials]
    threads = counted(slots[0].threads, "thread")
    devices = ", ".join(dict.fromkeys(slot.environment.get("CUDA_VISIBLE_DEVICES", "cpu") for slot in slots))
    return f"{len(slots)} on {devices}, {threads} each"


def _seeds(per_trial: int) -> str:
    return "1 a trial" if per_trial == 1 else f"{per_trial} a trial; its value is their mean, with its standard error"


def _lanes(study: StudySpec) -> str:
    """How many trainings a worker runs at once; what an objective of the user's opens unasked, it alone knows."""
    lanes = study.resources.lanes_per_worker
    if lanes is not None:
        return f"{lanes} a worker"
    match study.objective:
        case CustomCommand():
            return "none; a trial at a time on each worker"
        case PythonFunction():
            return "as many as the objective opens; a plain function none"
        case _:
            return "measured"


def _space(parameter: Parameter) -> str:
    """`float 0.1 to 0.9, sets training.gamma, where model.type is gru`."""
    sets = "" if parameter.path == parameter.name else f", sets {parameter.path}"
    where = [f"{name} is {' or '.join(map(figure, values))}" for name, values in parameter.when.items()]
    return _values(parameter) + sets + (f", where {' and '.join(where)}" if where else "")


def _values(parameter: Parameter) -> str:
    if isinstance(parameter, CategoricalParameter):
        return "one of " + ", ".join(map(figure, parameter.choices))
    scale = ", log" if parameter.log else ""
    step = "" if parameter.step in (None, 1) else f", step {figure(parameter.step)}"
    return f"{parameter.kind} {figure(parameter.low)} to {figure(parameter.high)}{scale}{step}"
