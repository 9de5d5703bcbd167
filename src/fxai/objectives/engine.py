"""A training engine of the user's own, a Python object, as what a trial does.

It is pickled once for all trials, by value where it comes from the user's script or notebook, and each trial
unpickles it in a process of its own (`own_function.py`). The file is the user's code: whoever may write it may run
anything, as with every module that a spec names.
"""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import cloudpickle
from pydantic import JsonValue

from fxai.errors import InputError
from fxai.objectives.handle import Trial
from fxai.whole_file import write_bytes

OBJECTIVE = f"{__name__}:train"
ARGUMENTS = ("model_config", "data_config", "training_config")
_FILE = "engine.pkl"


class Engine(Protocol):
    """What `HPOptimizer` trains with, where it is not FxAI's own `TrainingEngine`.

    `train` is called once for each trial, in a process of its own: what it needs must be picklable, or be made in
    `train`. The three mappings are those that `optimize` was given, the trial's parameters in their places. `trial`
    has `seed`, `device` ("cpu" or "cuda:0"), `checkpoint_dir` and `report(epoch, value)`, which tells an evaluation
    and answers whether the trial goes on.
    """

    def train(
        self,
        model_config: Mapping[str, JsonValue],
        data_config: Mapping[str, JsonValue],
        training_config: Mapping[str, JsonValue],
        trial: Trial,
    ) -> float | Mapping[str, float]:
        """The metric by its name among others, as `{"val_loss": 0.3, "accuracy": 0.9}`; or its value alone."""
        ...


def write_engine(engine: object, folder: Path) -> None:
    """Lay the engine where the trials of an objective in that folder find it."""
    try:
        pickled = cloudpickle.dumps((os.getcwd(), engine))  # noqa: PTH109 (a string, whatever system reads it)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the training engine {type(engine).__name__} cannot be sent to the workers: {error}; make what it holds "
            "of files, locks and connections in its train()"
        ) from None
    write_bytes(folder / _FILE, pickled)


def train(trial: Trial) -> Any:
    """One trial: the engine, called in the folder in which the search was started."""
    folder, engine = pickle.loads(Path(_FILE).read_bytes())  # noqa: S301 (the user's own code, see above)
    os.chdir(folder)
    return engine.train(*(trial.config[name] for name in ARGUMENTS), trial)
