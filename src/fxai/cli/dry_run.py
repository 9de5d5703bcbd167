"""What `fxai run --dry-run` prints: the spec as it would run, with all defaults and options."""

import shlex
from collections.abc import Collection, Sequence
from pathlib import Path

from rich.console import Console

from fxai.cli.output import print_pairs, print_text
from fxai.formatting import counted, figure, legible, span
from fxai.pool import SlotPlan
from fxai.results.paths import StudyPaths
from fxai.spec.checks.advice import notices
from fxai.spec.fields.objective import CustomCommand, Objective, PythonFunction, name_of
from fxai.spec.fields.sources import source_text
from fxai.spec.fields.storage_url import shown
from fxai.spec.fields.training_config import TrainingConfig
from fxai.spec.search.confirmation import Confirmation
from fxai.spec.search.custom_config import CustomConfig
from fxai.spec.search.parameters import CategoricalParameter, Parameter
from fxai.spec.search.population import PopulationSearch
from fxai.spec.search.pruners import Pruner
from fxai.spec.search.samplers import Sampler
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import Spec, StudySpec
from fxai.spec.search.verdict import VerdictConfig
from fxai.study.load_transfer import load_transfer
from fxai.study.open_study import check_study
from fxai.study.ray_workers import RayPlan
from fxai.study.study_workers import worker_slots
from fxai.tracking import tracker_names


def print_plan(console: Console, spec: Spec, settings: Collection[str]) -> None:
    """Print the plan of each study: objective, budget, sampler, workers, storage and parameters."""
    for each in spec.studies:
        check_study(each)
    for loaded in (load_transfer(each, Path(spec.results_dir), settings) for each in spec.studies):
        study = loaded.study
        share = worker_slots(study)
        print_text(console, f"Study: {study.study_name}")
        print_pairs(console, _facts(study, share, Path(spec.results_dir)))
        print_text(console, *share.notices, *loaded.notices, f"Parameters ({len(study.parameters)}):")
        print_pairs(console, [(f"  {each.name}", _space(each)) for each in study.parameters])
        print_text(console, *(f"Constraint: {legible(each)}" for each in study.constraints), *notices(study), "")
    print_text(console, "Nothing was started or written.")


def _facts(study: StudySpec, share: SlotPlan | RayPlan, results_dir: Path) -> Sequence[tuple[str, str]]:
    return (
        ("Objective", f"{_objective(study.objective)}; {_goals(study)}"),
        (
            "Trials",
            f"{study.n_trials} in total" + _limit("study", study.timeout) + _limit("trial", study.trial_timeout),
        ),
        *_stop_rules(study.stop),
        *_training(study.training_config),
        ("Seeds", _seeds(study.seeds_per_trial)),
        *((("Folds", f"{study.folds} per trial, each trained from every seed"),) if study.folds > 1 else ()),
        *((("Preset", legible(study.preset)),) if study.preset else ()),
        *((("Search", _populations(study.search, study.training_config)),) if study.search else ()),
        ("Sampler", _with_arguments(study.sampler)),
        ("Pruner", _with_arguments(study.pruner)),
        ("Seed", str(study.seed)),
        ("Workers", _workers(share, study.n_trials)),
        ("Lanes", _lanes(study)),
        *_after_search(study),
        *((("Tracking", ", ".join(named)),) if (named := tracker_names(study.tracking)) else ()),
        ("Storage", shown(study.storage)),
        ("Results", str(StudyPaths(results_dir, study.study_name).directory)),
    )


def _objective(objective: Objective) -> str:
    match objective:
        case CustomCommand(command=command, folder=folder):
            return f"{' '.join(map(_word, command))}, in {folder}"
        case PythonFunction(folder=folder):
            return f"{name_of(objective)}, in {folder}"
        case _:
            return objective


def _goals(study: StudySpec) -> str:
    goals = ", ".join(f"{goal.direction} {goal.metric}" for goal in study.goals)
    return f"{goals}; pruned by {study.metric_name}" if study.objectives else goals


def _word(word: str) -> str:
    """The word, quoted if it has spaces. Placeholders in braces are not quoted: the line is not for pasting."""
    return shlex.quote(word) if any(char.isspace() for char in word) else word


def _training(config: TrainingConfig | CustomConfig) -> Sequence[tuple[str, str]]:
    if isinstance(config, CustomConfig):
        return ()
    training = config.training
    length = f"{training.total_updates} updates of {training.algorithm}, scored every {training.eval_frequency}"
    return (("Trial", length), ("Data", source_text(config.data.source)))


def _stop_rules(stop: Stop) -> Sequence[tuple[str, str]]:
    """The stop rules, as the spec has them."""
    rules = stop.model_dump(exclude_defaults=True)
    return (("Stop", ", ".join(f"{name} {figure(value)}" for name, value in rules.items())),) if rules else ()


def _after_search(study: StudySpec) -> Sequence[tuple[str, str]]:
    """What the run trains after the search."""
    confirm, verdict = study.confirm, study.verdict
    facts = []
    if isinstance(confirm, Confirmation):
        trials = f"the best trials, at most {confirm.candidates}, and trial 0"
        share = f"at most {figure(100 * confirm.budget)} % of the search's steps"
        facts.append(("Confirmation", f"{trials}, each on at most {confirm.seeds} fresh seeds; {share}"))
    if isinstance(verdict, VerdictConfig):
        near = f"; {verdict.neighbours} near the best trial, on validation" if verdict.neighbours else ""
        facts.append(
            ("Verdict", f"{verdict.seeds} agents each of the best trial and of trial 0, on the test split{near}")
        )
    return facts


def _limit(what: str, seconds: float | None) -> str:
    return "" if seconds is None else f", at most {span(seconds)} a {what}"


def _with_arguments(record: Sampler | Pruner) -> str:
    """`TPESampler(n_startup_trials=10, seed=3)`, without arguments that are None."""
    arguments = record.model_dump(exclude={"type"}, exclude_none=True)
    return f"{record.type}({', '.join(f'{name}={value}' for name, value in arguments.items())})"


def _populations(search: PopulationSearch, config: TrainingConfig | CustomConfig) -> str:
    factors = ", ".join(map(figure, search.perturbation))
    interval = search.interval(config.training) if isinstance(config, TrainingConfig) else search.ready_interval
    return (
        f"populations of {search.population}, compared every {interval} updates; the worst "
        f"{figure(100 * search.quantile)} % continue with the weights of the best; their parameters are multiplied by "
        f"one of {factors}, or resampled with probability {figure(100 * search.resample_probability)} %"
    )


def _workers(share: SlotPlan | RayPlan, n_trials: int) -> str:
    if isinstance(share, RayPlan):
        return share.description
    slots = share.slots[:n_trials]
    threads = counted(slots[0].threads, "thread")
    devices = ", ".join(dict.fromkeys(slot.environment.get("CUDA_VISIBLE_DEVICES", "cpu") for slot in slots))
    return f"{len(slots)} on {devices}, {threads} each"


def _seeds(per_trial: int) -> str:
    if per_trial == 1:
        return "1 per trial"
    return f"{per_trial} per trial; a trial's value is their mean, with its standard error"


def _lanes(study: StudySpec) -> str:
    """The number of trainings that a worker runs at once. An objective of the user may choose it while it runs."""
    lanes = study.resources.lanes_per_worker
    if lanes is not None:
        return f"{lanes} per worker"
    match study.objective:
        case CustomCommand():
            return "none; each worker runs one trial at a time"
        case PythonFunction(returns="positions"):
            return "none; each worker runs one trial at a time"
        case PythonFunction():
            return "as many as the objective opens; none for a plain function"
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
