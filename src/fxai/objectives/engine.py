"""Custom training engines as objectives.

The engine object is pickled once for all trials, by value if it is defined in a script or notebook, and stored beside a
module that loads it. A worker imports the module once; each trial is a process forked from the worker
(`python_function.py`). Both files are executable code, as every module that a spec names: only trusted users may write
them.
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
    """A training engine for `HPOptimizer`, in place of FxAI's `TrainingEngine`.

    `train` is called once per trial, in its own process, so the engine must be picklable. The three mappings are those
    given to `optimize`, with the trial's parameters. `trial` has `seed`, `device` ("cpu" or "cuda:0"), `checkpoint_dir`
    and `report(epoch, value)`, which returns whether the trial continues.
    """

    def train(
        self,
        model_config: Mapping[str, JsonValue],
        data_config: Mapping[str, JsonValue],
        training_config: Mapping[str, JsonValue],
        trial: Trial,
    ) -> float | Mapping[str, float]:
        """Train one trial.

        Returns:
            The metrics by name, as `{"val_loss": 0.3, "accuracy": 0.9}`, or the value of the metric alone.
        """
        ...


def engine_writer(engine: object, name: str) -> Callable[[Path], None]:
    """Pickle the engine; the returned function writes it into a folder, from which the trials load it.

    The caller must hold the study's lock, because a run of the study reads the files.

    Args:
        engine: The engine.
        name: Name of the engine in messages.

    Raises:
        InputError: If the engine cannot be pickled.
    """
    try:
        pickled = cloudpickle.dumps((os.getcwd(), engine))  # noqa: PTH109 (a string can be unpickled on every system)
    except (pickle.PicklingError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(
            f"the training engine {name} cannot be sent to the workers: {error}. Create files, locks and "
            "connections inside its train()"
        ) from None

    def write(folder: Path) -> None:
        write_bytes(folder / _PICKLE, pickled)
        write_text(folder / _MODULE, _SOURCE)

    return write


def stored_engine(folder: Path) -> object | None:
    """The engine in a folder; None if it is missing or cannot be loaded."""
    try:
        _, engine = pickle.loads((folder / _PICKLE).read_bytes())  # noqa: S301 (see above)
    except Exception:  # noqa: BLE001  # loading runs custom code, which may raise anything
        return None
    return engine  # type: ignore[no-any-return]


class PickledEngine:
    """The engine of a folder as a function of a trial; called in the folder in which the search was started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started_in, self._engine = pickle.loads((folder / _PICKLE).read_bytes())  # noqa: S301 (see above)

    def __reduce__(self) -> tuple[type["PickledEngine"], tuple[Path]]:
        """A spawned trial process loads the engine again."""
        return PickledEngine, (self._folder,)

    def __call__(self, trial: Trial) -> Any:
        os.chdir(self._started_in)
        return self._engine.train(*(trial.config[name] for name in ARGUMENTS), trial)
