"""A training engine of the user's own, a Python object, as what a trial does.

It is pickled once for all trials, by value where it comes from the user's script or notebook, and lies beside a module
that unpickles it. So a worker imports it, and all that it imports, once; each trial is a process forked from there
(`own_function.py`). Both files are the user's code: whoever may write them may run anything, as with every module that
a spec names.
"""

import os
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

import cloudpickle
from pydantic import JsonValue

from fxai.atomic_write import write_bytes, write_text
from fxai.errors import InputError
from fxai.objectives.handle import Trial

OBJECTIVE = "fxai_engine:train"
ARGUMENTS = ("model_config", "data_config", "training_config")
_PICKLE, _MODULE = "engine.pkl", f"{OBJECTIVE.partition(':')[0]}.py"
_SOURCE = f'''"""The training engine of a search, as `HPOptimizer` was given it."""

from pathlib import Path

from {__name__} import PickledEngine

train = PickledEngine(Path(__file__).parent)
'''


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


def engine_writer(engine: object, name: str) -> Callable[[Path], None]:
    """Pickle the engine; what is returned writes it into a folder, where the trials of an objective there find it.

    `name` is what a message calls the engine.

    Whoever writes it must hold the study, since a run of the study reads it.
    """
    try:
        pickled = cloudpickle.dumps((os.getcwd(), engine))  # noqa: PTH109 (a string, whatever system reads it)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the training engine {name} cannot be sent to the workers: {error}; make what it holds "
            "of files, locks and connections in its train()"
        ) from None

    def write(folder: Path) -> None:
        write_bytes(folder / _PICKLE, pickled)
        write_text(folder / _MODULE, _SOURCE)

    return write


def stored_engine(folder: Path) -> object | None:
    """The engine that lies in a folder; None where it is missing or cannot be loaded here."""
    try:
        _, engine = pickle.loads((folder / _PICKLE).read_bytes())  # noqa: S301 (see above)
    except Exception:  # noqa: BLE001 (loading runs the user's code)
        return None
    return engine  # type: ignore[no-any-return]


class PickledEngine:
    """The engine of a folder, as a function of a trial; called in the folder in which the search was started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started_in, self._engine = pickle.loads((folder / _PICKLE).read_bytes())  # noqa: S301 (see above)

    def __reduce__(self) -> tuple[type["PickledEngine"], tuple[Path]]:
        """Where a trial cannot be forked it loads the engine anew."""
        return PickledEngine, (self._folder,)

    def __call__(self, trial: Trial) -> Any:
        os.chdir(self._started_in)
        return self._engine.train(*(trial.config[name] for name in ARGUMENTS), trial)
