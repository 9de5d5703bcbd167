"""Finds the code of an objective by its name. The only module that connects workers with objectives.

A name is `fx_trading`, `command`, `positions of package.module:function` for a function that returns positions
(`fxai.objectives.positions`), or `package.module:name` for other custom code. The object of the last form is one of
three kinds:

- an object with `signature` and `open_lanes` (a module, an instance, a class with static methods) trains many trials
  side by side: `fxai.protocol.LaneObjective`;
- a generator function trains one trial in the worker process: `fxai.protocol.Objective`;
- any other function is called with a `Trial`, in a process per trial: `fxai.objectives.python_function`.
"""

import importlib
import inspect
from collections.abc import Callable
from typing import Any, TypeAlias, cast

from fxai.errors import InputError
from fxai.module_path import search_modules_in
from fxai.objectives.generator_lanes import GeneratorObjective
from fxai.process_tree import ProcessTrees
from fxai.protocol import JsonObject, LaneObjective, LanePlan, Lanes, Objective, Slot
from fxai.spec.fields.objective import COMMAND, FX_TRADING, POSITIONS_OF, SHIPPED

OBJECTIVES = (*SHIPPED, COMMAND)
OpenLanes: TypeAlias = Callable[[LanePlan, Slot], Lanes]


def load_lanes(name: str, process_trees: ProcessTrees, folder: str = "") -> OpenLanes:
    """The function that opens a worker's lanes for the objective of that name.

    Args:
        name: of the objective.
        process_trees: the registry of this process, for objectives that start processes.
        folder: where the module is looked for first.

    Raises:
        InputError: there is no such objective. What the import of the module raises is passed on.
    """
    if folder:
        search_modules_in(folder)
    objective = _load(name.removeprefix(POSITIONS_OF))
    if name.startswith(POSITIONS_OF):
        positions = importlib.import_module("fxai.objectives.positions").PositionsObjective
        return GeneratorObjective(positions(name.removeprefix(POSITIONS_OF), process_trees))
    if hasattr(objective, "open_lanes"):
        return cast("LaneObjective", objective).open_lanes
    if name == COMMAND:
        objective = cast("Any", objective).command(process_trees)
    elif not _is_generator_function(objective):
        objective = importlib.import_module("fxai.objectives.python_function").python_function(objective, process_trees)
    return GeneratorObjective(cast("Objective", objective))


def training_modules(name: str, device: str) -> tuple[str, ...]:
    """The modules that trials of a built-in objective load, for a worker that does not know the plan of its study yet.

    Custom code has none, since its module may be found only by the plan.
    """
    if name != FX_TRADING:
        return ()
    return ("fxai.objectives.trading_lanes", "numba" if device == "cpu" else "fxai.rl.agents.tensor_training")


def load_signature(name: str) -> Callable[[JsonObject], str] | None:
    """The function for the signature of a trial's configuration; None for custom code.

    The parent calls this, so only built-in objectives are imported, which do not import torch. Custom code is imported
    only by workers, and its trials have one signature.
    """
    if ":" in name:
        return None
    objective = _load(name)
    return cast("LaneObjective", objective).signature if hasattr(objective, "signature") else None


def _is_generator_function(objective: object) -> bool:
    """Whether calling the object returns a generator; an instance is called by its class's `__call__`."""
    return inspect.isgeneratorfunction(objective) or inspect.isgeneratorfunction(type(objective).__call__)


def _load(name: str) -> object:
    module, colon, attribute = name.partition(":")
    if not colon:
        return _builtin_objective(name)
    objective = getattr(importlib.import_module(module), attribute, None)
    if hasattr(objective, "open_lanes") or callable(objective):
        return objective
    raise InputError(
        f"The module {module} has no function or lanes named {attribute!r}, which the objective {name!r} needs."
    )


def _builtin_objective(name: str) -> object:
    if name not in OBJECTIVES:
        known = ", ".join(OBJECTIVES)
        raise InputError(
            f"There is no objective {name!r}. Known: {known}; custom code is named package.module:function."
        )
    return importlib.import_module(f"fxai.objectives.{name}")
