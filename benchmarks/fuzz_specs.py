"""Cases of `fuzz.py` about specs: specs with random changes, and a command that reads each."""

import copy
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

SPEC = "fuzzed.yaml"
_BASE: dict[str, Any] = {
    "name": "fuzzed",
    "results_dir": "results",
    "studies": [
        {
            "study_name": "one",
            "n_trials": 3,
            "sampler": {"type": "TPESampler", "n_startup_trials": 4},
            "pruner": {"type": "MedianPruner", "n_startup_trials": 2},
            "parameters": [
                {"name": "training.learning_rate", "type": "float_log", "low": 1e-5, "high": 1e-3},
                {"name": "model.d_model", "type": "categorical", "choices": [64, 128]},
                {"name": "training.gamma", "type": "float", "low": 0.9, "high": 0.99, "step": 0.01},
                {"name": "training.n_epochs", "type": "int", "low": 1, "high": 9},
            ],
            "constraints": ["training.n_epochs < 9"],
            "enqueue": [{"training.gamma": 0.95}],
            "training_config": {
                "data": {"source": "planted_1h", "split": {"train": 0.6, "validation": 0.2}},
                "training": {"total_updates": 2},
                "env": {"max_episode_steps": 16, "reward": {"pnl_coefficient": 100}},
            },
        },
        {
            "study_name": "own",
            "objective": "fuzz_objective:valley",
            "score": "gain - 0.1 * cost",
            "n_trials": 3,
            "parameters": {
                "x": {"type": "float", "low": -1, "high": 1},
                "on": {"type": "categorical", "choices": [1, 2]},
            },
            "training_config": {"batch": 8, "widths": [1, 2], "x": 0.5},
            "stop": {"patience": 5},
            "resources": {"cpu": 1},
        },
        {
            "study_name": "command",
            "objective": {"command": "python train.py --x {x}"},
            "n_trials": 3,
            "parameters": {"x": {"type": "float", "low": -1, "high": 1}},
        },
    ],
}
_ODD: Sequence[Any] = (
    None, "", " ", "x" * 5000, "a/b", "../x", "CON", "a\x00b", "a\x1b[31mb", "\U0001f4a5", "e\u0301", "\u202ex",
    "a:b", "*", True, False, 0, 1, -1, 2, 0.1, -0.5, 1e-300, 1e308, float("inf"), float("-inf"), float("nan"),
    2**53 + 1, 2**63, 10**310, 10**4000, [], {}, [[]], [None], {"": None}, {"a": {"b": []}}, ["x"] * 2000,
    list(range(300)), "1e-5", "null", "[1, 2]", "${NOT_SET}/x", "$HOME/x", "~/x", "sqlite:///x.db",
    "postgresql://u:p@s@h/d", "http://h", "fuzz_objective:none", "os:system", "yes", "2020-13-40", "a - b +",
    "(" * 300, "1 if 1 else 2", "__import__('os')", "a.b.c", "training.gamma", "NaN",
)  # fmt: skip
_NAMES: Sequence[str] = (
    "n_trials", "low", "high", "step", "log", "type", "when", "path", "name", "choices", "preset", "extends",
    "search_space", "score", "objectives", "metric_name", "direction", "timeout", "trial_timeout", "seeds_per_trial",
    "n_jobs", "storage", "memory_limit_gb", "retries", "max_concurrent_trials", "gpu_per_trial", "keep_best_n",
    "progress_timeout", "validation", "search", "fixed", "presets", "param_mapping", "seed", "tracking", "stop",
    "x" * 5000, "", "\x07", "<<",
)  # fmt: skip


def change(spec: Any, rng: random.Random) -> None:
    """Set, delete, add or copy something at a random place."""
    places = list(_places(spec))
    node, key = rng.choice(places)
    match rng.randrange(6):
        case 0:
            del node[key]
        case 1 | 2:
            node[key] = copy.deepcopy(rng.choice(_ODD))
        case 3 if isinstance(node, dict):
            node[rng.choice(_NAMES)] = copy.deepcopy(rng.choice(_ODD))
        case 4:
            other, place = rng.choice(places)
            if place in other if isinstance(other, dict) else place < len(other):
                node[key] = copy.deepcopy(other[place])
        case _ if isinstance(node, list):
            node.append(copy.deepcopy(rng.choice((*_ODD, node[0] if node else None))))
        case _:
            node[str(key)[:-1]] = node.pop(key)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    keys = list(node) if isinstance(node, dict) else range(len(node))
    for key in keys:
        yield node, key
        if isinstance(node[key], dict | list):
            yield from _places(node[key])


def _text(rng: random.Random) -> bytes:
    spec = copy.deepcopy(_BASE)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        change(spec, rng)
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True).encode("utf-8", "replace")
    if rng.random() < 0.15:
        raw = bytearray(text)
        for _ in range(rng.choice((1, 3))):
            raw[rng.randrange(len(raw))] = rng.randrange(256)
        text = bytes(raw)
    return text


def prepare(_base: Path, folder: Path, rng: random.Random) -> tuple[list[str], str]:
    """A changed spec in an empty folder; the command line and what was done."""
    (folder / SPEC).write_bytes(_text(rng))
    value = str(rng.choice(_ODD))[:6000].replace("\x00", " ")
    key = rng.choice((*_NAMES, "training.gamma", "sampler.type", "data.source", "results_dir"))
    arguments = rng.choice(
        (
            ["check", SPEC],
            ["check", SPEC],
            ["check", SPEC, "--json"],
            ["run", "--spec", SPEC, "--dry-run"],
            ["run", "--spec", SPEC, "--dry-run", "--set", f"{key}={value}"],
            ["run", "--spec", SPEC, "--dry-run", "--study", rng.choice(("one", "own", value))],
            ["run", "--spec", "quick_search", "--dry-run", "--set", f"{key}={value}"],
            ["run", "--spec", value or "x", "--dry-run"],
            ["run", "--spec", SPEC, "--dry-run", "--metric", value or "x"],
            ["transfer", value or "x", "--to", SPEC],
        )
    )
    return arguments, "a changed spec"
