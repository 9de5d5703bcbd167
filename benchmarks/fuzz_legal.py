"""Specs changed within what their fields allow, and a command that reads or runs them: cases of `fuzz.py`.

Most of these specs are sound, so that a case goes beyond the reader. Values are drawn from each field's own type and
limits, the limits among them; studies, parameters, choices and keys are added, copied and put in another order.
"""

import copy
import random
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import yaml
from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo

from fxai.spec.fields.record import Record
from fxai.spec.search.config_fields import ALGORITHM_PATH, config_fields
from fxai.spec.search.metrics import METRICS
from fxai.spec.search.pruners import Pruner, ThresholdPruner
from fxai.spec.search.samplers import BruteForceSampler, GridSampler, Sampler
from fxai.spec.search.stop import Stop
from fxai.spec.search.study import StudySpec

SPEC = "fuzzed.yaml"
MOST_TRIALS = 5  # of a study that is run
_CODE = """\
def valley(trial):
    total = sum(each for each in trial.params.values() if isinstance(each, (int, float)))
    for step in range(1, 4):
        if not trial.report(step * 2**40, total, cost=abs(total)):
            return None
    return {"gain": -total, "cost": abs(total)}
"""
_ALGORITHMS = ("ppo", "a2c", "dqn")
_NAMES = ("x", "a.b.c", "Ω", "x y", "ключ", "x" * 500, "0", "-x", "x=1", "net.0", "TRUE", "\U0001f4a5", "a'b", 'a"b')
_CHOICES: Sequence[Any] = (
    3, 0, -1, 2**53, 0.1, 1e-300, 1e308, True, None, "", "a", "[64, 64]", [64, 64], [], [[1], "b"], "null",
    "yes", "1e5", "\U0001f4a5", "x" * 3000, "a\tb", '"quoted"', "None", ["[1]"],
)  # fmt: skip
_BOUNDS: Sequence[float] = (-1e308, -1.0, -1e-300, 0.0, 1e-308, 1e-5, 0.1, 0.3, 1, 2, 1e3, 2**53, 1e308)
_OF_GRIDS = (GridSampler, BruteForceSampler)
_TRAINING: Mapping[str, Any] = {"total_updates": 2, "n_envs": 2, "rollout_steps": 8, "eval_frequency": 1}


def limits_of(field: FieldInfo) -> tuple[float, float]:
    """The least and the greatest value of a number's field; wide ones where it has none."""
    low, high = -1e6, 1e6
    for each in field.metadata:
        match each:
            case Ge(ge=least):
                low = least  # type: ignore[assignment]
            case Gt(gt=least):
                low = least + 1e-9  # type: ignore[operator]
            case Le(le=most):
                high = most  # type: ignore[assignment]
            case Lt(lt=most):
                high = most - 1e-9  # type: ignore[operator]
    return low, max(low, high)


def legal(field: FieldInfo, rng: random.Random) -> Any:
    """A value that a field's own type and limits allow, often its default or a limit; else its default."""
    kinds = [part for part in (get_args(field.annotation) or (field.annotation,)) if part is not type(None)]
    if get_origin(field.annotation) is Literal:
        return rng.choice(get_args(field.annotation))
    low, high = limits_of(field)
    default = field.get_default(call_default_factory=True)
    if bool in kinds:
        return rng.random() < 0.5
    if int in kinds:
        near = default if isinstance(default, int) else int(max(low, 1))
        return rng.choice((near, near, max(int(low), near // 2), min(int(high), 2 * near + 1), int(low), int(high)))
    if float in kinds:
        middle = default if isinstance(default, float) else max(low, 0.5)
        return rng.choice((middle, middle, max(low, middle / 2), min(high, middle * 2), low, high))
    return default


def record(kind: type[Record], rng: random.Random) -> dict[str, Any]:
    """Some of the fields of a record, with legal values."""
    fields = {name: field for name, field in kind.model_fields.items() if name != "type"}
    needed = [name for name, field in fields.items() if field.is_required()]
    chosen = {*needed, *(name for name in fields if rng.random() < 0.3)}
    values = {name: legal(fields[name], rng) for name in fields if name in chosen}
    return {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}


def one_of(union: Any, rng: random.Random) -> dict[str, Any]:
    """A sampler or a pruner: its class and some of its arguments."""
    kinds = [kind for kind in _classes(union) if "type" in kind.model_fields and kind not in _OF_GRIDS]
    named = [kind for kind in kinds if isinstance(kind.model_fields["type"].default, str)]
    kind = rng.choice(named)
    arguments = record(kind, rng)
    if kind is ThresholdPruner:
        arguments |= {"lower": -1e9}
    if "bootstrap_count" in arguments:
        arguments |= (
            {"min_resource": 1, "max_resource": 9} if "max_resource" in kind.model_fields else {"min_resource": 1}
        )
    return {"type": kind.model_fields["type"].default, **arguments}


def _classes(annotation: Any) -> list[type[Record]]:
    if isinstance(annotation, type):
        return [annotation] if issubclass(annotation, Record) else []
    return [kind for part in get_args(annotation) for kind in _classes(part)]


def ranged(rng: random.Random) -> dict[str, Any]:
    """A range or choices for code of the user's own."""
    if rng.random() < 0.3:
        choices = rng.sample(_CHOICES, rng.choice((1, 2, 3, len(_CHOICES))))
        return {"type": rng.choice(("categorical", "choice")), "choices": choices}
    low, high = sorted(rng.sample(_BOUNDS, 2))
    match rng.randrange(5):
        case 0 if low > 0:
            return {"type": "float_log", "low": low, "high": high}
        case 1 if abs(low) < 2**53 and high <= 2**53:
            return {"type": "int", "low": int(low), "high": int(high) + 1 if high < 2**53 else int(high)}
        case 2 if low >= 1 and high <= 2**53:
            return {"type": "int_log", "low": int(low), "high": int(high)}
        case 3 if high - low < 1e6:
            return {"type": "float", "low": low, "high": high, "step": rng.choice((0.1, (high - low) / 3, high - low))}
        case _:
            return {"type": "float", "low": low, "high": min(high, low + 1e307)}


def own_study(rng: random.Random) -> dict[str, Any]:
    names = rng.sample(_NAMES, rng.randrange(1, 5))
    parameters: Any = {name: ranged(rng) for name in names}
    for before, after in pairwise(names):
        if "choices" in parameters[before] and rng.random() < 0.5:
            parameters[after]["when"] = {before: parameters[before]["choices"][:1]}
    if rng.random() < 0.5:
        parameters = [{"name": name, **each} for name, each in parameters.items()]
    study: dict[str, Any] = {
        "objective": "fuzz_objective:valley",
        "metric_name": "gain",
        "n_trials": rng.randrange(1, MOST_TRIALS + 1),
        "n_jobs": 1,
        "parameters": parameters,
    }
    if rng.random() < 0.2:
        del study["metric_name"]
        study["objectives"] = [{"metric": "gain", "direction": "maximize"}, {"metric": "cost", "direction": "minimize"}]
    elif rng.random() < 0.2:
        study["score"] = rng.choice(("gain - 0.1 * cost", "-cost", '"gain" * 1e308', "gain / cost"))
        del study["metric_name"]
    if rng.random() < 0.3:
        study["training_config"] = {"size": rng.choice(_CHOICES), "nested": {"deep": [rng.choice(_CHOICES)]}}
    return study


def trading_study(rng: random.Random) -> dict[str, Any]:
    algorithm = rng.choice(_ALGORITHMS)
    fields = {path: field for path, field in config_fields(algorithm).items() if not path.startswith("model.widths")}
    searched = rng.sample([path for path in fields if _is_searchable(path, fields[path])], rng.randrange(1, 5))
    parameters = [_searched(path, fields[path], rng) for path in searched]
    config: dict[str, Any] = {"training": {"algorithm": algorithm, **_TRAINING}, "env": {"max_episode_steps": 16}}
    config["data"] = {"source": rng.choice(("planted_1h", "planted_1h:3", "shuffled_1h", "eurusd_1h"))}
    if algorithm == "dqn":
        config["training"]["learning_starts"] = 8
    if algorithm == "ppo":
        config["training"]["batch_size"] = 8
    for path in rng.sample(sorted(fields), rng.randrange(3)):
        section, _, name = path.rpartition(".")
        if path != ALGORITHM_PATH and "." not in section:
            config.setdefault(section, {})[name] = legal(fields[path], rng)
    study: dict[str, Any] = {"parameters": parameters, "n_trials": rng.randrange(1, 50), "training_config": config}
    if rng.random() < 0.4:
        study["metric_name"] = rng.choice(sorted(METRICS))
        study["direction"] = rng.choice(("maximize", "minimize"))
    elif rng.random() < 0.2:
        study["score"] = "sharpe - 0.5 * max_drawdown"
    elif rng.random() < 0.1:
        study["search"] = {"type": "pbt", "population": rng.choice((2, 8, 10_000))}
    return study


def _is_searchable(path: str, field: FieldInfo) -> bool:
    return path != ALGORITHM_PATH and not path.startswith("data.") and field.annotation in {int, float, bool}


def _searched(path: str, field: FieldInfo, rng: random.Random) -> dict[str, Any]:
    if field.annotation is bool:
        return {"name": path, "type": "categorical", "choices": [True, False]}
    low, high = sorted((legal(field, rng), legal(field, rng)))
    kind = "int" if field.annotation is int else "float"
    if rng.random() < 0.3:
        return {"name": path, "type": "categorical", "choices": sorted({low, high})}
    return {"name": path, "type": f"{kind}_log" if low > 0 and rng.random() < 0.5 else kind, "low": low, "high": high}


def vary(study: dict[str, Any], rng: random.Random, *, runs: bool) -> None:
    """Further keys of a study with legal values."""
    if "search" not in study:
        if rng.random() < 0.5:
            study["sampler"] = one_of(Sampler, rng)
        if rng.random() < 0.5:
            study["pruner"] = one_of(Pruner, rng)
    if rng.random() < 0.2:
        study["stop"] = {name: value for name, value in record(Stop, rng).items() if name != "env_steps"}
    if rng.random() < 0.2:
        study["seed"] = rng.choice((0, 1, 2**32 - 1))
    names = ("seeds_per_trial", "retries", "keep_best_n", "gpu_per_trial", "max_concurrent_trials", "memory_limit_gb")
    for name in names if not runs else ("retries", "keep_best_n", "max_concurrent_trials"):
        if rng.random() < 0.15:
            study[name] = legal(StudySpec.model_fields[name], rng)


def spec_of(rng: random.Random, *, runs: bool) -> dict[str, Any]:
    """Some studies, most of them sound; those that run are own code of a few trials."""
    studies = []
    for number in range(1 if runs else rng.choice((1, 1, 2, 3, 20))):
        study = own_study(rng) if runs or rng.random() < 0.4 else trading_study(rng)
        vary(study, rng, runs=runs)
        studies.append(
            _shuffled({"study_name": rng.choice((f"s{number}", f"S {number}", f"ß-{number}~1")), **study}, rng)
        )
    if not runs and rng.random() < 0.2:
        studies.append({**copy.deepcopy(studies[0]), "study_name": "copy"})
    spec: dict[str, Any] = {"name": rng.choice(("fuzzed", "0", "x" * 200, "\U0001f4a5")), "studies": studies}
    if runs:
        spec["save_study_plots"] = rng.random() < 0.2
    return _shuffled(spec, rng)


def _shuffled(node: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    keys = list(node)
    rng.shuffle(keys)
    return {key: node[key] for key in keys}


def prepare(_base: Path, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """A spec and the code that it names, in an empty folder; the command line and what the spec is."""
    runs = rng.random() < 0.3
    spec = spec_of(rng, runs=runs)
    (folder / SPEC).write_text(yaml.safe_dump(spec, sort_keys=False, allow_unicode=True))
    (folder / "fuzz_objective.py").write_text(_CODE)
    if runs:
        return ["run", SPEC, "--quiet"], f"a legal spec: {spec}"
    arguments = rng.choice((["check", SPEC], ["check", SPEC, "--json"], ["run", SPEC, "--dry-run"]))
    return arguments, f"a legal spec: {spec}"
