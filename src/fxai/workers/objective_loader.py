"""From an objective's name to its code: the one tie between the workers and the objectives."""

import importlib
from collections.abc import Callable
from typing import cast

from fxai.errors import InputError
from fxai.trial import JsonObject, Objective

OBJECTIVES = ("fx_trading",)


def load_objective(name: str) -> Objective:
    """The objective of that name.

    `fx_trading` is `run_trial` of `fxai.objectives.fx_trading`; `package.module:function` is the user's
    own code, found on the import path. An `InputError` says which names there are; what the import of
    the module raises is passed on.
    """
    module, _, function = name.partition(":")
    if not function:
        if name not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise InputError(
                f"There is no objective {name!r}. Known: {known}; your own is named package.module:function."
            )
        module, function = f"fxai.objectives.{name}", "run_trial"
    objective = getattr(importlib.import_module(module), function, None)
    if not callable(objective):
        raise InputError(f"The module {module} has no function {function!r} to use as the objective {name!r}.")
    return cast("Objective", objective)


def load_signature(name: str) -> Callable[[JsonObject], str] | None:  # noqa: ARG001  # none shares packs yet
    """What tells the shapes of that objective's trials apart, without torch; None where none share packs."""
    return None
